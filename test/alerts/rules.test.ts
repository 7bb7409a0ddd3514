import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { deployedFiles } from "../../deploy/generate.ts";
import { advance } from "../../src/observability/alerts/advance.ts";
import type { Alert } from "../../src/observability/alerts/alert.ts";
import { partsOf } from "../../src/observability/alerts/expression.ts";
import { promql, recordName, recordText } from "../../src/observability/alerts/promql.ts";
import { runbookAddress } from "../../src/observability/alerts/rule.ts";
import { alertRules, rulesWith } from "../../src/observability/alerts/rules.ts";
import { metrics } from "../../src/observability/metrics/definitions.ts";
import { sourceOf } from "./promtool-series.ts";
import { type RuleCase, ruleCases } from "./rule-cases.ts";

const root = join(import.meta.dirname, "..", "..");
const rules = rulesWith({});

/** How a rule stands at the end of a case, looked at every minute from its beginning on. */
async function firing(name: string, one: RuleCase): Promise<readonly Alert[]> {
  const rule = rules.filter((found) => found.name === name);
  const alerts = new Map<string, Alert>();
  const every = one.every ?? 1;
  for (let minute = 0; minute <= one.at; minute += every) {
    const active = [...alerts.values()].filter(({ state }) => state !== "resolved");
    const { changed, forgotten } = await advance({
      // What is looked at more seldom than once in five minutes does not hold in between.
      rules: rule.map((found) => ({ ...found, forMs: every > 5 ? 0 : found.forMs })),
      source: sourceOf(one, minute),
      readable: true,
      active,
      formerly: async (id) => alerts.get(id),
      now: minute * 60_000,
    });
    for (const alert of changed) alerts.set(alert.id, alert);
    for (const id of forgotten) alerts.delete(id);
  }
  return [...alerts.values()].filter(({ state }) => state === "firing");
}

test("there are no two rules of one name, and each counter's growth has one recording rule", () => {
  const names = alertRules.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  const records = new Map<string, string>();
  for (const { condition } of rules) {
    for (const part of partsOf(condition)) {
      if (part.kind !== "increase") continue;
      const known = records.get(recordName(part)) ?? recordText(part);
      expect(recordText(part)).toBe(known);
      records.set(recordName(part), known);
    }
  }
});

test("nobody writes cases or pages of a rule that there is not", () => {
  expect(Object.keys(ruleCases).toSorted()).toEqual(alertRules.map(({ name }) => name).toSorted());
});

describe.each(rules)("$name", (rule) => {
  const cases = ruleCases[rule.name];

  test("has an owner, a severity, a summary and a page that says what to do", () => {
    expect(rule.owner).toMatch(/^[a-z-]+$/);
    expect(["page", "ticket", "info"]).toContain(rule.severity);
    const labels = [...rule.summary.matchAll(/\{(\w+)\}/g)].map(([, label = ""]) => label);
    const known = partsOf(rule.condition).flatMap((part) => ("by" in part ? part.by : []));
    for (const label of labels) expect(known).toContain(label);
    const path = join(root, runbookAddress(rule.runbook));
    expect(existsSync(path), path).toBe(true);
    const page = readFileSync(path, "utf8");
    expect(page).toContain(rule.name);
    for (const heading of ["## What it means", "## What to look at", "## What to do"]) {
      expect(page, path).toContain(heading);
    }
    for (const threshold of Object.keys(rule.thresholds))
      expect(page).toContain(`\`${threshold}\``);
  });

  test("asks for metrics that there are, with labels that they have", () => {
    for (const part of partsOf(rule.condition)) {
      if (!("metric" in part)) continue;
      const definition = metrics[part.metric];
      expect(definition).toBeDefined();
      if (!("by" in part)) continue;
      for (const label of [...part.by, ...Object.keys(part.match)]) {
        expect(definition.labels).toContain(label);
      }
    }
    expect(promql(rule.condition)).not.toContain("undefined");
  });

  test("fires in the engine where it fires in Prometheus", async () => {
    const one = cases?.fires;
    if (one === undefined) throw new Error(`${rule.name} has no firing case.`);
    const found = await firing(rule.name, one);
    expect(one.fires.length).toBeGreaterThan(0);
    expect(found.map(({ labels }) => labels)).toEqual(one.fires);
    expect(found[0]).toMatchObject({ severity: rule.severity, owner: rule.owner });
  });

  test("is quiet where it is quiet there", async () => {
    const one = cases?.quiet;
    if (one === undefined) throw new Error(`${rule.name} has no quiet case.`);
    expect(one.fires).toEqual([]);
    expect(await firing(rule.name, one)).toEqual([]);
  });

  const further = Object.entries(cases ?? {}).filter(
    ([word]) => !["fires", "quiet"].includes(word),
  );
  test.each(further)("says the same of the case %s as Prometheus", async (_word, one) => {
    const found = await firing(rule.name, one);
    expect(found.map(({ labels }) => labels)).toEqual(one.fires);
  });
});

test.each(Object.entries(deployedFiles()))("deploy/%s is as it is generated", (path, text) => {
  const found = readFileSync(join(root, "deploy", path), "utf8");
  expect(found === text, "run: node deploy/generate.ts").toBe(true);
});
