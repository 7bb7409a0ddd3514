import { expect, test } from "vitest";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { freshFolder, runInProcess } from "../support/cli.ts";
import type { ScriptedTurn } from "../support/engine.ts";

const steps = [
  { step: "Note the first folio", status: "done" },
  { step: "Note the second folio", status: "pending" },
];

const asked = (model: string) => ["--model", model, "--workspace", ".", "--json"];

function script(folder: string, name: string, turns: readonly ScriptedTurn[]): string {
  writeFileSync(join(folder, name), stringify({ name, turns }));
  return `scripted:${name}`;
}

test("what a run leaves is told as text and as JSON, and another run goes on from it", async () => {
  const folder = freshFolder();
  const cli = (...words: string[]) => runInProcess(words, folder);
  const append = { name: "append_line", arguments: { path: "notes.txt", line: "folio 1" } };
  const first = script(folder, "first.yaml", [
    { tool_calls: [{ name: "update_plan", arguments: { steps } }, append] },
    { text: "The first folio is noted; the second is missing." },
    { text: "I cannot find it." },
  ]);
  const check = ["--check", "grep -q 'folio 2' notes.txt"];
  const ran = await cli("run", "Note both folios.", ...asked(first), ...check);
  const [{ runId } = { runId: "" }] = ran.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { runId: string });

  const told = await cli("runs", "handoff", runId, "--json");
  expect(JSON.parse(told.stdout)).toMatchObject({
    version: 1,
    run: runId,
    goal: "Note both folios.",
    plan: steps,
    constraints: [expect.stringContaining("grep -q")],
    lastWords: "I cannot find it.",
    files: { changed: ["notes.txt"] },
    open: ["Note the second folio", expect.stringContaining("does not pass")],
  });
  const text = (await cli("runs", "handoff", runId)).stdout;
  expect(text.startsWith("Note both folios.")).toBe(true);
  expect(text).toContain("[ ] Note the second folio");

  const second = script(folder, "second.yaml", [{ text: "Both are noted." }]);
  const gone = await cli("run", "Look in the cellar.", "--from", runId, ...asked(second));
  const events = gone.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string; text?: string });
  const begun = events.find(({ type }) => type === "message.user")?.text ?? "";
  expect(begun).toContain("Note both folios.");
  expect(begun).toContain("The first folio is noted");
  expect(begun.endsWith("# What is to be done now\nLook in the cellar.")).toBe(true);
});

test("a run that is gone on from must be there, and does not go with a task folder", async () => {
  const folder = freshFolder();
  const cli = (...words: string[]) => runInProcess(words, folder);
  const model = script(folder, "any.yaml", [{ text: "Done." }]);
  const unknown = await cli("run", "--from", "nothing", "--model", model);
  expect(unknown.code).not.toBe(0);
  expect(unknown.stderr).toContain("store.unknown_run");
  const both = await cli("run", "--from", "x", "--task", "y", "--environment", "host");
  expect(both).toMatchObject({ code: 64, stderr: expect.stringContaining("--from does not go") });
});
