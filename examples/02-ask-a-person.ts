/**
 * A policy pack of one's own that asks before anything is written in the workspace. The run parks
 * at the question and holds nothing while it waits: here even the engine is closed. A second
 * engine answers the question and takes the run up again.
 * Run it with: node examples/02-ask-a-person.ts
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEngine, type Engine, loadConfig, thisHost } from "../src/index.ts";

const folder = await mkdtemp(join(tmpdir(), "agent33-example-"));
const notes = join(folder, "notes.txt");

await writeFile(
  join(folder, "careful.yaml"),
  `pack: careful
version: 1
description: Asks a person before a built-in tool writes.
extends: [default]
default: allow
rules:
  - id: writes-ask
    ask: { connector: "tool:workspace", effect: write }
    reason: Somebody else reads this folder.
    ttl: 2h
`,
);
await writeFile(
  join(folder, "script.yaml"),
  `name: note-taker
turns:
  - text: I write the note.
    tool_calls: [{ name: append_line, arguments: { path: notes.txt, line: Tea at four. } }]
  - text: The note is written.
`,
);

function openEngine(): Engine {
  const config = loadConfig({
    cwd: folder,
    env: {},
    flags: [
      { setting: "data", flag: "--data", value: join(folder, "data") },
      { setting: "policy.packs", flag: "--policy", value: ["careful"] },
      { setting: "policy.files", flag: "policy.files", value: [join(folder, "careful.yaml")] },
    ],
  });
  return createEngine(config, thisHost(process.env));
}

async function withEngine<T>(use: (engine: Engine) => Promise<T>): Promise<T> {
  const engine = openEngine();
  try {
    return await use(engine);
  } finally {
    await engine.close();
  }
}

try {
  const runId = await withEngine(async (engine) => {
    const id = await engine.runs.create({
      task: { kind: "text", text: "Note that tea is at four.", workspace: folder },
      model: `scripted:${join(folder, "script.yaml")}`,
      effort: undefined,
      mcpCommands: [],
    });
    const end = await engine.runs.drive(id);
    console.log(`first process: ${end.outcome}`);
    assert.equal(end.outcome, "parked");
    return id;
  });
  assert(!existsSync(notes), "nothing is written before somebody said yes");

  await withEngine(async (engine) => {
    const [question] = engine.store.approvals.list({ state: "pending" });
    assert(question !== undefined && question.runId === runId);
    console.log(`asked by ${question.ruleId}: ${question.summary}`);
    await engine.decideApproval(question.id, "approved");
    const end = await engine.runs.resume(runId);
    console.log(`second process: ${end.outcome}`);

    // Nobody checked this task, and the outcome says so.
    assert.equal(end.outcome, "unverified");
    assert.equal(readFileSync(notes, "utf8"), "Tea at four.\n");

    // An approval is good for one call.
    const used = engine.store.approvals.list({ state: "consumed" });
    assert.deepEqual(
      used.map((approval) => approval.id),
      [question.id],
    );
    const types = engine.store.runLog.read(runId).map((event) => event.type);
    assert.deepEqual(
      types.filter((type) => type.startsWith("run.")),
      ["run.started", "run.parked", "run.resumed", "run.finished"],
    );
  });
} finally {
  await rm(folder, { recursive: true, force: true });
}
