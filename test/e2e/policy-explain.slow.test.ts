import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { freshFolder, runInProcess } from "../support/cli.ts";
import { type ScriptedTurn, testEngine } from "../support/engine.ts";

const line = (text: string): ScriptedTurn => ({
  tool_calls: [{ name: "append_line", arguments: { path: "notes.txt", line: text } }],
});
const words = [
  "policy",
  "explain",
  "tool:workspace",
  "--tool",
  "append_line",
  "--effect",
  "write",
  "--args",
  '{"path":"notes.txt","line":"two"}',
];

/** A folder with a policy of these rules, in which a run has appended one line. */
async function used(rules: readonly string[], settings = "", turns = [line("one")]) {
  const folder = freshFolder();
  const list = rules.map((rule, at) => `  - { id: r${at}, ${rule}, reason: because }\n`).join("");
  writeFileSync(
    join(folder, "own.yaml"),
    `pack: own\nversion: 1\ndescription: d\ndefault: allow\nrules:\n${list}`,
  );
  writeFileSync(
    join(folder, "agent33.config.yaml"),
    `policy: { packs: [own], files: [own.yaml] }\n${settings}`,
  );
  const made = testEngine({}, folder);
  const { runId, outcome } = await made.run([...turns, { text: "Done." }]);
  const digests = made.engine.store.audit
    .list({ runId })
    .items.flatMap(({ record: { toolDigest } }) =>
      typeof toolDigest === "string" ? [toolDigest] : [],
    );
  const digest = digests[0] ?? "";
  await made.engine.close();
  const ask = (...more: readonly string[]) => runInProcess([...words, ...more], folder);
  return { folder, runId, outcome, digest, ask };
}

describe("policy explain", () => {
  test("weighs what a given run has used of a limit", async () => {
    const { ask, runId } = await used(["deny: { tool: append_line }, limit: { max: 1, per: run }"]);
    const inRun = await ask("--run", runId.slice(0, -2));
    expect(inRun.stdout).toContain(
      `Now, in run ${runId}: stopped by boundary.policy_denied by own/r0\n  deny own/r0: holds, 1 of 1 calls used per run, this one adds 1`,
    );
    const outside = await ask();
    expect(outside.stdout).toContain(
      "Now, outside of any run: would be sent\n  deny own/r0: does not hold, 0 of 1 calls used per run",
    );
    const { call } = JSON.parse((await ask("--run", runId, "--json")).stdout) as {
      readonly call: unknown;
    };
    expect(call).toMatchObject({ stoppedBy: "policy_denied", session: [{ holds: true }] });
  });

  test("says whether what must come first has succeeded in the run", async () => {
    const { ask, runId } = await used([
      "deny: { tool: append_line }, when: args.line != 'one', before: { tool: append_line }",
      "deny: { tool: append_line }, before: { tool: never }, mode: shadow",
    ]);
    expect((await ask("--run", runId)).stdout).toContain(
      "would be sent\n  deny own/r0: does not hold, a call that it waits for has succeeded\n  deny own/r1 [shadow]: holds, no call that it waits for has succeeded",
    );
    expect((await ask()).stdout).toContain("stopped by boundary.policy_denied by own/r0");
  });

  test("says that a rule in dry-run keeps a call back, and that a standing budget does", async () => {
    const dry = await used(["ask: { tool: append_line }, mode: dry-run"]);
    expect((await dry.ask()).stdout).toContain("stopped by boundary.dry_run by own/r0");
    const budget = "budgets: { week: { per: tenant, period: forever, maxTokens: 1000000 } }\n";
    const { ask } = await used(["ask: { tool: never }"], budget);
    expect((await ask("--tokens", "10")).stdout).toMatch(
      /would be sent\n.*\n {2}budget week\/tenant:default\/forever: the call fits, left: \d+ tokens/,
    );
    expect((await ask("--tokens", "1000001")).stdout).toMatch(
      /stopped by boundary\.budget_exceeded\n.*\n {2}budget week\/tenant:default\/forever: the call does not fit/,
    );
  });

  test("finds the answer to exactly this call of the run", async () => {
    const asking = ["ask: { tool: append_line }"];
    const { ask, runId, outcome, digest, folder } = await used(asking, "", [line("two")]);
    expect(outcome).toBe("parked");
    const call = ["--run", runId, "--call", "turn-1-call-0", "--tool-digest", digest];
    const pending = await ask(...call);
    expect(pending.stdout).toMatch(
      /stopped by boundary\.approval_required by own\/r0\n {2}approval: \S+ is pending/,
    );
    const id = /approval: (\S+) is/.exec(pending.stdout)?.[1] ?? "";
    await runInProcess(["approvals", "approve", id], folder);
    expect((await ask(...call)).stdout).toContain(`would be sent\n  approval: ${id} is approved`);
    expect((await ask("--run", runId)).stdout).toContain("nobody has been asked about this call");
  });

  test("makes no store where there is none, and knows no run then", async () => {
    const folder = freshFolder();
    const { code, stdout } = await runInProcess(words, folder);
    expect([code, stdout]).toEqual([0, expect.stringContaining("there is no store in .agent33.")]);
    const { code: missing, stderr } = await runInProcess([...words, "--run", "abc"], folder);
    expect([missing, stderr]).toEqual([64, expect.stringContaining('no run "abc"')]);
    expect(existsSync(join(folder, ".agent33"))).toBe(false);
  });

  test("takes the policy of the run or that of the flags, not both", async () => {
    const folder = freshFolder();
    const given = ["--run", "x", "--policy", "default"];
    expect((await runInProcess([...words, ...given], folder)).code).toBe(64);
  });

  test.each([
    [["tol:workspace"], 64, 'no connector has the surface "tol"'],
    [["filesystem"], 64, '"filesystem" is not of the form surface:name'],
    [["mcp:*"], 64, '"mcp:*" is a pattern, and a call has one connector'],
    [[""], 64, '"" is not of the form surface:name'],
    [["web:fetch", "--host", "https://a.test/x"], 64, '"https://a.test/x" is no host'],
    [["web:fetch", "--port", "70000"], 64, "--port takes a whole number above 0 and up to 65535"],
    [["web:fetch", "--effect", "reed"], 64, '--effect does not know "reed"'],
  ])("answers no question about a call that cannot be: %j", async (call, code, message) => {
    const answer = await runInProcess(["policy", "explain", ...call], freshFolder());
    expect(answer).toMatchObject({ code, stdout: "", stderr: expect.stringContaining(message) });
  });
});
