import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { freshFolder, runInProcess } from "../support/cli.ts";
import { testEngine } from "../support/engine.ts";

const careful = `pack: careful
version: 1
description: asks before anything is written
default: allow
rules:
  - id: writes
    ask: { connector: "tool:workspace" }
    reason: Writing needs a person.
`;

test("the command line keeps why somebody denied, and shows it with the question, the call and the audit", async () => {
  const settings = { "policy.packs": ["careful"], "policy.files": ["careful.yaml"] };
  const folder = freshFolder();
  writeFileSync(join(folder, "careful.yaml"), careful);
  writeFileSync(
    join(folder, "agent33.config.yaml"),
    "policy: { packs: [careful], files: [careful.yaml] }\n",
  );
  const made = testEngine(settings, folder);
  onTestFinished(() => made.engine.close());
  const { outcome, runId: run } = await made.run([
    { tool_calls: [{ name: "append_line", arguments: { path: "n.txt", line: "x" } }] },
    { text: "Done." },
  ]);
  expect(outcome).toBe("parked");
  const id = made.engine.store.approvals.list()[0]?.id ?? expect.fail();
  const cli = (...args: string[]) => runInProcess(args, folder);

  const long = await cli("approvals", "deny", id, "--note", "x".repeat(2_001));
  expect(long).toMatchObject({ code: 64 });
  expect(long.stderr).toContain("The note has 2001 characters; 2000 are the most.");
  const denied = await cli("approvals", "deny", id, "--note", "It was paid in cash.");
  expect(denied).toMatchObject({ code: 0 });
  expect((await cli("approvals", "show", id)).stdout).toMatch(/note +It was paid in cash\./);
  const listed = await cli("approvals", "list", "--all", "--json");
  expect(JSON.parse(listed.stdout)).toMatchObject({ items: [{ note: "It was paid in cash." }] });

  const audit = await cli("audit", "list", "--connector", "approvals", "--json");
  const [row] = (JSON.parse(audit.stdout) as { items: { callId: string }[] }).items;
  const shown = await cli("audit", "show", row?.callId ?? "");
  expect(shown.stdout).toMatch(/operation +approvals\.deny/);
  expect(shown.stdout).toMatch(/reason +It was paid in cash\./);
  const calls = made.engine.store.audit.list({ runId: run }).items;
  const call = calls.find(({ connector }) => connector === "tool:workspace");
  const lineage = await cli("audit", "lineage", call?.callId ?? "");
  expect(lineage.stdout).toContain("It was paid in cash.");
});
