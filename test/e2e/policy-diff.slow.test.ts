import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { pairPolicies, type PolicyPair, replayExport, replayStore } from "../../src/engine.ts";
import { exportPlace } from "../../src/engine/store-admin.ts";
import { change } from "../../src/store/program.ts";
import { runInProcess } from "../support/cli.ts";
import { type TestEngine, testEngine } from "../support/engine.ts";
import { temporaryFolder } from "../support/temporary.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const append = (line: string) => ({ name: "append_line", arguments: { path: "notes.txt", line } });

/** A store with one run that made three tool calls, one of them denied, and its model's. */
async function used(): Promise<TestEngine & { readonly runId: string }> {
  const made = testEngine();
  closing.push(() => made.engine.close());
  const { runId } = await made.run([
    { tool_calls: [append("one"), append("two")] },
    { tool_calls: [append("a long line of text")] },
    { text: "Done." },
  ]);
  return { ...made, runId };
}

/** The same pair with a new policy that denies long lines. */
function lookingAtLines(pair: PolicyPair): PolicyPair {
  const { after } = pair;
  return {
    ...pair,
    after: {
      ...after,
      decide: (facts, connector, principal) => {
        const said = after.decide(facts, connector, principal);
        const line = facts.tool === "append_line" ? facts.args?.["line"] : "";
        const isLong = typeof line === "string" && line.length > 10;
        return isLong ? { ...said, effect: "deny", ruleId: "own/short-lines" } : said;
      },
    },
  };
}

const quiet = (): void => undefined;
const same = { before: "default", after: "default" };

const sources = {
  "the store": (made: TestEngine, pair: PolicyPair) => replayStore(pair, made.engine.store, quiet),
  "an export of it": async (made: TestEngine, pair: PolicyPair) => {
    const file = join(made.folder, `export-${Object.keys(made).length}.jsonl`);
    await exportPlace(made.engine.dataDir, file, made.host, quiet);
    return replayExport(pair, file, made.config, made.host, quiet);
  },
};

describe.each(Object.entries(sources))("replaying the audit of %s", (_, replay) => {
  test("says how each call would be decided about", async () => {
    const made = await used();
    writeFileSync(
      join(made.folder, "own.yaml"),
      "pack: own\nversion: 1\ndescription: d\ndefault: allow\nrules:\n  - { id: no-lines, deny: { tool: append_line }, reason: x }\n",
    );
    const words = { before: "settings", after: "default+own.yaml" };
    const report = await replay(made, pairPolicies(made.config, made.host, words));
    expect(report).toMatchObject({
      same: 3,
      notReplayed: {},
      changes: [
        {
          before: "allow",
          after: "deny",
          calls: 3,
          rules: [{ before: "default/workspace", after: "own/no-lines", calls: 3 }],
          examples: [{ runId: made.runId, tool: "append_line" }, {}, {}],
        },
      ],
    });
    expect(report.calls).toBe(6);
  });

  test("brings the arguments from the log of the run, each call its own", async () => {
    const made = await used();
    const pair = lookingAtLines(pairPolicies(made.config, made.host, same));
    const report = await replay(made, pair);
    expect(report).toMatchObject({
      same: 5,
      notReplayed: {},
      changes: [{ before: "allow", after: "deny", calls: 1 }],
    });
    const example = report.changes[0]?.examples[0];
    const log = made.engine.store.runLog.read(made.runId);
    const completed = log.find((event) => event.type === "tool.completed" && event.turn === 2);
    expect(completed).toMatchObject({ callId: example?.callId });
  });

  test("counts calls in order of time, and knows from the log what has succeeded", async () => {
    const made = await used();
    writeFileSync(
      join(made.folder, "own.yaml"),
      `pack: own
version: 1
description: d
default: allow
rules:
  - { id: two-lines, deny: { tool: append_line }, limit: { max: 2, per: run }, reason: x }
  - { id: tools-first, deny: { operation: chat }, before: { tool: append_line }, reason: x }
`,
    );
    const words = { before: "settings", after: "default+own.yaml" };
    const report = await replay(made, pairPolicies(made.config, made.host, words));
    expect(report).toMatchObject({
      calls: 6,
      same: 4,
      notReplayed: {},
      changes: [
        {
          calls: 2,
          rules: [
            { after: "own/tools-first", calls: 1 },
            { after: "own/two-lines", calls: 1 },
          ],
        },
      ],
    });
  });

  test("says the same again of calls that a limit of the policy in force decided about", async () => {
    const folder = temporaryFolder("replay");
    writeFileSync(
      join(folder, "own.yaml"),
      `pack: own
version: 1
description: d
default: allow
rules:
  - { id: one, deny: { tool: append_line }, limit: { max: 1, per: user, window: 1d }, reason: x }
  - { id: tokens, deny: {}, limit: { max: 1000000, per: run, sum: tokens }, reason: x }
  - { id: late, deny: { tool: append_line }, before: { operation: chat }, reason: x }
`,
    );
    const settings = { "policy.packs": ["own"], "policy.files": ["own.yaml"] };
    const made = testEngine(settings, folder);
    closing.push(() => made.engine.close());
    await made.run([
      { tool_calls: [append("one"), append("two")] },
      { tool_calls: [append("three")] },
      { text: "Done." },
    ]);
    const pair = pairPolicies(made.config, made.host, { before: "settings", after: "settings" });
    expect(await replay(made, pair)).toMatchObject({
      calls: 6,
      same: 6,
      sameByAnotherRule: 0,
      byUse: 6,
      changes: [],
      notReplayed: {},
    });
  });

  test("leaves out a call whose arguments are not those in the log any more", async () => {
    const made = await used();
    await made.engine.store.backend.tables.write(() =>
      change("UPDATE run_events SET event = replace(event, 'a long line', 'another long line')"),
    );
    const pair = lookingAtLines(pairPolicies(made.config, made.host, same));
    expect(await replay(made, pair)).toMatchObject({
      same: 5,
      changes: [],
      notReplayed: { changed_arguments: 1 },
    });
  });
});

test("an export that is cut off is replayed as far as it goes, and that is said", async () => {
  const made = await used();
  const file = join(made.folder, "export.jsonl");
  await exportPlace(made.engine.dataDir, file, made.host, quiet);
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.slice(0, text.lastIndexOf('"table":"audit"') + 20));
  const pair = pairPolicies(made.config, made.host, same);
  expect(await replayExport(pair, file, made.config, made.host, quiet)).toMatchObject({
    same: 5,
    notReplayed: { cut_off: 1 },
  });
});

describe("policy diff", () => {
  test("without --replay shows the rules that differ, a file standing in for its pack", async () => {
    const { folder } = testEngine();
    const shipped = readFileSync(new URL("../../packs/default.yaml", import.meta.url), "utf8");
    const changed = shipped.replace(
      "ask: { effect: destructive }",
      "deny: { effect: destructive }",
    );
    writeFileSync(join(folder, "next.yaml"), changed);
    const words = ["policy", "diff", "default", "next.yaml"];
    const { code, stdout } = await runInProcess(words, folder);
    expect(code).toBe(0);
    expect(stdout).toContain('~ default/destructive-asks: ask {"effect":["destructive"]}');
    expect(stdout).toContain('→ deny {"effect":["destructive"]}');
    expect(stdout).toContain("0 rules added, 0 removed, 1 changed");
  });

  test("with --replay shows the calls that change, by effect, rule and example", async () => {
    const made = await used();
    const words = ["policy", "diff", "default", "strict-web", "--replay"];
    const alike = await runInProcess(words, made.folder);
    expect(alike.stdout).toContain(
      "6 calls in the audit: 6 decided alike, 0 otherwise, 0 not replayed",
    );
    const blocked = ["policy", "diff", "default", "air-gapped+mcp-readonly", "--replay", "--json"];
    const { stdout, code } = await runInProcess(blocked, made.folder);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      rules: { default: { before: "allow", after: "deny" } },
      replay: { calls: 6 },
    });
  });

  test("with --replay says what could not be replayed, and why", async () => {
    const made = await used();
    writeFileSync(
      join(made.folder, "own.yaml"),
      "pack: own\nversion: 1\ndescription: d\ndefault: allow\nrules:\n  - { id: t, deny: { operation: chat }, limit: { max: 1, per: run, sum: tokens }, reason: x }\n  - { id: a, deny: { tool: append_line }, limit: { max: 9, per: run, sum: size(args.line) }, reason: x }\n",
    );
    await made.engine.store.backend.tables.write(() =>
      change("UPDATE run_events SET event = replace(event, 'a long line', 'another long line')"),
    );
    const words = ["policy", "diff", "default", "default+own.yaml", "--replay"];
    const { stdout } = await runInProcess(words, made.folder);
    expect(stdout).toContain("not replayed, 1 ×: a policy looks at its arguments, and those in");
    expect(stdout).toMatch(/\d weighed by the tokens or cost used; the most that they might use/);
  });

  test("refuses a pack that is not there", async () => {
    const { folder } = testEngine();
    const { code, stderr } = await runInProcess(
      ["policy", "diff", "default", "strict-wbe"],
      folder,
    );
    expect(code).toBe(64);
    expect(stderr).toContain("strict-web");
  });
});
