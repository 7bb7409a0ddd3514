import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import type { JsonValue } from "../../src/base/json.ts";
import { freshFolder, runInProcess } from "../support/cli.ts";
import { eventsOf, type TestEngine, testEngine } from "../support/engine.ts";

const engines: TestEngine[] = [];
afterEach(async () => {
  for (const made of engines.splice(0)) await made.engine.close();
});

function engineWith(settings: Readonly<Record<string, JsonValue>>, folder?: string): TestEngine {
  const made = testEngine(settings, folder);
  engines.push(made);
  return made;
}

/** A folder with scripts for three tiers, and settings that route to them. */
function routedFolder(routing: Readonly<Record<string, JsonValue>> = {}): string {
  const folder = freshFolder();
  for (const tier of ["low", "medium", "high"]) {
    writeFileSync(
      join(folder, `${tier}.yaml`),
      stringify({ name: tier, turns: [{ text: `This is ${tier}.` }] }),
    );
  }
  const tiers = Object.fromEntries(
    ["low", "medium", "high"].map((tier) => [tier, { model: `scripted:${tier}.yaml` }]),
  );
  const settings = { routing: { enabled: true, domains: { law: "high" }, tiers, ...routing } };
  writeFileSync(join(folder, "agent33.config.yaml"), stringify(settings));
  return folder;
}

describe("a run that is routed", () => {
  test("works with the model of its tier, and says who chose it and what it may use", async () => {
    const folder = routedFolder();
    const text = await runInProcess(["run", "Short."], folder);
    expect(text.stdout).toMatch(/model scripted:\S+low\.yaml · effort low \(classifier\)/);
    expect(text.stdout).toMatch(
      /routed to low by classifier: 6 characters: less than 400 · confidence 0\.587 · model by tier/,
    );
    expect(text.stdout).toMatch(
      /half of such runs use 21,\d+ tokens, \$0\.00; nine of ten 5\d,\d+ tokens, \$0\.00 \(assumed, too few earlier runs\)/,
    );
    expect(text.stdout).toContain("This is low.");

    const json = await runInProcess(["run", "Short.", "--domain", "law", "--json"], folder);
    const [started] = json.stdout.split("\n").map((line) => JSON.parse(line || "null"));
    expect(started).toMatchObject({
      type: "run.started",
      effort: "high",
      effortSource: "domain",
      routing: {
        enabled: true,
        reasons: ["domain law has it"],
        confidence: null,
        domain: "law",
        modelSource: "tier",
        estimate: { basis: "prior", runs: 0 },
      },
    });
    const shown = await runInProcess(["runs", "show", started.runId], folder);
    expect(shown.stdout).toMatch(/routed to high by domain: domain law has it · domain law/);
  });

  test("is told what it may cost by the prices that its calls go by", async () => {
    const price = { inputPerMillionUsd: 1, outputPerMillionUsd: 1 };
    const prices = { "openai:home-made": price, test: price };
    const key = { OPENAI_API_KEY: "sk-1" };
    const made = testEngine({ "routing.enabled": true, prices }, undefined, key);
    engines.push(made);
    const task = { kind: "text", text: "Short.", workspace: undefined } as const;
    const estimated = async (model: string) => {
      const run = await made.engine.runs.create({ task, model, effort: "low", mcpCommands: [] });
      const [started] = eventsOf(made.engine.store.runLog.read(run), "run.started");
      const { costMicroUsd, tokens } = started?.routing?.estimate ?? {};
      return [costMicroUsd?.p50, tokens?.p50];
    };
    // A script's price is under the name that it gives itself, Chat Completions' under its vendor's.
    for (const model of [made.script([{ text: "Done." }]), "openai-chat:home-made"]) {
      const [cost, tokens] = await estimated(model);
      expect([model, cost]).toEqual([model, tokens]);
    }
  });

  test("keeps a model that was asked for by name, at the tier that was chosen", async () => {
    const folder = routedFolder();
    const words = ["run", "Short.", "--model", "scripted:high.yaml"];
    const { stdout } = await runInProcess(words, folder);
    expect(stdout).toMatch(/model scripted:\S+high\.yaml · effort low \(classifier\)/);
    expect(stdout).toContain("model by request");
  });

  test("is told by earlier runs of its agent and tier what it may use, once there are enough", async () => {
    const made = engineWith({ "routing.enabled": true });
    const model = made.script([{ text: "Done." }]);
    const task = { kind: "text", text: "Short.", workspace: undefined } as const;
    let last = "";
    for (let run = 0; run <= 10; run += 1) {
      last = await made.engine.runs.create({ task, model, effort: undefined, mcpCommands: [] });
      await made.engine.runs.drive(last);
    }
    const [started] = eventsOf(made.engine.store.runLog.read(last), "run.started");
    expect(started?.routing?.estimate).toMatchObject({ basis: "history", runs: 10 });
    expect(started?.routing?.estimate?.tokens.p90).toBeLessThan(2_000);
  });
});

test("a tier bounds what a turn may write, what a run may use and how it is asked to reason", async () => {
  const made = engineWith({
    "routing.enabled": true,
    "routing.tiers.low.maxOutputTokens": 1_000,
    "routing.tiers.low.maxTokens": 9_000,
    "routing.tiers.low.reasoning": "none",
  });
  const { events, runId } = await made.run([{ text: "Done." }]);
  expect(eventsOf(events, "run.started")[0]?.limits).toMatchObject({ maxTokens: 9_000 });
  const spec = made.engine.store.runs.get(runId)?.spec;
  expect(spec).toMatchObject({ effort: { maxOutputTokens: 1_000, reasoning: "none" } });
});

test("the audit's record of each call of a run has its tier", async () => {
  const made = engineWith({ "routing.enabled": true });
  const { runId } = await made.run([{ text: "Done." }], { effort: "high" });
  await made.engine.audit.flush();
  const { items } = made.engine.store.audit.list({ runId });
  expect(items.map(({ record }) => record)).toEqual([expect.objectContaining({ tier: "high" })]);
});

test("without routing a run is as before, and its log says that routing is off", async () => {
  const made = engineWith({ "routing.tiers.medium.maxOutputTokens": 5, effort: "medium" });
  const { events, runId } = await made.run([{ text: "Done." }], { domain: "law" });
  expect(eventsOf(events, "run.started")[0]).toMatchObject({
    effort: "medium",
    effortSource: "flag",
    routing: { enabled: false, reasons: ["routing is off", "the setting `effort`"] },
    notices: expect.arrayContaining(["Routing is off, so the domain law changes nothing."]),
  });
  expect(eventsOf(events, "run.started")[0]?.routing?.estimate).toBeUndefined();
  const spec = made.engine.store.runs.get(runId)?.spec;
  expect(spec).toMatchObject({ effort: { maxOutputTokens: 8_192 } });
});

describe("wrong words are refused before anything runs, with what is allowed", () => {
  test.each([
    [["--effort", "HIGH"], /"HIGH" is not an effort[\s\S]*low, medium, high/],
    [["--effort", "hihg"], /low, medium, high/],
    [["--domain", "Law"], /no domain "Law"[\s\S]*"law"/],
  ])("%j", async (words, said) => {
    const { code, stderr, stdout } = await runInProcess(
      ["run", "Short.", ...words],
      routedFolder(),
    );
    expect(code).toBe(64);
    expect(stderr).toMatch(said);
    expect(stdout).not.toContain("run.started");
  });

  test("a tenant that is not among those that there are", async () => {
    const folder = routedFolder({ knownTenants: ["acme", "zeta"] });
    const { code, stderr } = await runInProcess(["run", "Short."], folder, {
      AGENT33_TENANT: "Acme",
    });
    expect(code).toBe(64);
    expect(stderr).toMatch(/no tenant "Acme"[\s\S]*"acme"/);
  });

  test("an effort that a program of one's own misspells", async () => {
    const made = engineWith({});
    await expect(made.run([{ text: "x" }], { effort: "HIGH" as "high" })).rejects.toMatchObject({
      code: "agents.unknown_effort",
    });
  });
});
