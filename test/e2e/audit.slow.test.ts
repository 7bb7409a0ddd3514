import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { freshFolder, runInProcess } from "../support/cli.ts";
import { testEngine } from "../support/engine.ts";
import { openSealed } from "../support/sealed-file.ts";

let folder = "";
let runId = "";

const agent33 = (...words: readonly string[]) =>
  runInProcess([...words, "--data", join(folder, ".agent33")], folder);
async function json<T>(...words: readonly string[]): Promise<T> {
  return JSON.parse((await agent33(...words, "--json")).stdout) as T;
}
function inStore(sql: string): void {
  const native = openSealed(join(folder, ".agent33/agent33.db"));
  native.exec(sql);
  native.close();
}

beforeEach(async () => {
  folder = freshFolder();
  const { engine, run } = testEngine({}, folder);
  const ended = await run([
    { tool_calls: [{ name: "append_line", arguments: { path: "a.txt", line: "one" } }] },
    { text: "Done." },
  ]);
  runId = ended.runId;
  // A run that has ended has all of its calls in the audit, reads too.
  expect(engine.store.audit.list({ runId }).items.length).toBeGreaterThanOrEqual(3);
  await engine.close();
});

interface Listed {
  readonly items: readonly { readonly callId: string; readonly connector: string }[];
  readonly nextCursor: string | null;
}

describe("agent33 audit", () => {
  test("lists the calls with their cost, by what they are asked for", async () => {
    const { stdout } = await agent33("audit", "list");
    expect(stdout).toMatch(
      /CALL +AT \(UTC\) +CONNECTOR +OPERATION +DECISION +OUTCOME +COST +TOKENS +CONNECTED/,
    );
    expect(stdout).toContain("append_line");
    const all = await json<Listed>("audit", "list");
    expect((await json<Listed>("audit", "list", "--run", runId)).items).toEqual(all.items);
    const connector = all.items[0]?.connector ?? "";
    const some = await json<Listed>("audit", "list", "--connector", connector, "--since", "1h");
    expect(some.items.length).toBeGreaterThan(0);
    expect(some.items.every((one) => one.connector === connector)).toBe(true);
    expect((await json<Listed>("audit", "list", "--outcome", "boundary.timeout")).items).toEqual(
      [],
    );
    expect((await json<Listed>("audit", "list", "--decision", "deny")).items).toEqual([]);
    const first = await agent33("audit", "list", "--limit", "1", "--decision", "allow");
    const more = /more: agent33 (.*)/.exec(first.stdout)?.[1] ?? "";
    expect(more).toMatch(/^audit list --decision allow --limit 1 --cursor \d+ --data/);
    expect((await agent33("audit", "list", "--decision", "perhaps")).code).toBe(64);
  });

  test("shows one call with its rule, its attempts and its spend", async () => {
    const { items } = await json<Listed>("audit", "list");
    const callId = items[0]?.callId ?? "";
    const { stdout } = await agent33("audit", "show", callId);
    for (const words of [
      callId,
      "decision",
      "allow by default/",
      "attempts",
      "outcome",
      "closed",
    ]) {
      expect(stdout).toContain(words);
    }
    expect(await json("audit", "show", callId)).toEqual(items[0]);
    const unknown = await agent33("audit", "show", "ffff");
    expect([unknown.code, unknown.stderr]).toEqual([
      64,
      expect.stringContaining("store.unknown_call"),
    ]);
  });

  test("verifies what nobody touched, and says the end and the key to be noted", async () => {
    const { code, stdout } = await agent33("audit", "verify");
    expect(code).toBe(0);
    expect(stdout).toContain("Nothing was changed");
    expect(stdout).toContain("BEGIN PUBLIC KEY");
    const [, end = ""] = /^end +(\d+:[0-9a-f]{64})$/m.exec(stdout) ?? [];
    expect((await agent33("audit", "verify", "--head", end)).code).toBe(0);
    const other = await agent33(
      "audit",
      "verify",
      "--head",
      end.replace(/.$/, end.endsWith("0") ? "1" : "0"),
    );
    expect([other.code, other.stdout]).toEqual([1, expect.stringContaining("changed anchor")]);
    const copy = join(folder, "head-kept-elsewhere.json");
    writeFileSync(copy, readFileSync(join(folder, ".agent33/audit-head.json")));
    expect((await agent33("audit", "verify", "--head", copy)).code).toBe(0);
  });

  test("exits with 1 and says what was changed, removed or cut off", async () => {
    const { items } = await json<Listed>("audit", "list");
    const [newest, , oldest] = items;
    inStore(
      `UPDATE audit SET record = replace(record, 'allow', 'deny ') WHERE call_id = '${oldest?.callId}'`,
    );
    const changed = await agent33("audit", "verify");
    expect(changed.code).toBe(1);
    expect(changed.stdout).toMatch(new RegExp(`changed record: .*${oldest?.callId}`));
    inStore(`DELETE FROM audit WHERE call_id = '${newest?.callId}'`);
    inStore("DELETE FROM audit_chain WHERE position = (SELECT max(position) FROM audit_chain)");
    inStore("DELETE FROM audit_checkpoints");
    const cut = await json<{ ok: boolean; findings: { kind: string }[] }>("audit", "verify");
    expect(cut.ok).toBe(false);
    expect(cut.findings.map(({ kind }) => kind)).toContain("truncated");
  });

  test("exports what verifies alone, and finds what was done to the file", async () => {
    const file = join(folder, "audit.jsonl");
    const { code, stdout } = await agent33("audit", "export", file);
    expect([code, stdout]).toEqual([0, expect.stringContaining(`audit verify --file ${file}`)]);
    expect((await agent33("audit", "export", file)).stderr).toContain("store.export_failed");
    const alone = await runInProcess(["audit", "verify", "--file", file], freshFolder());
    expect([alone.code, alone.stdout]).toEqual([0, expect.stringContaining("Nothing was changed")]);
    const lines = readFileSync(file, "utf8").split("\n");
    writeFileSync(file, lines.filter((line) => !line.includes(`"position":2,`)).join("\n"));
    const without = await runInProcess(["audit", "verify", "--file", file], folder);
    expect([without.code, without.stdout]).toEqual([1, expect.stringContaining("removed link")]);
    writeFileSync(file, "hello\n");
    const none = await runInProcess(["audit", "verify", "--file", file], folder);
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining("audit.bad_export")]);
  });
});
