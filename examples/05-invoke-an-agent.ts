/**
 * An agent as a function: JSON in, JSON out. First asked once, then in its iterative form, with
 * tools, a check and a judge, for the same input and the same output. The turns are scripted, so no
 * model is called. Run it with: node examples/05-invoke-an-agent.ts
 */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEngine, loadConfig, thisHost } from "../src/index.ts";

const folder = await mkdtemp(join(tmpdir(), "agent33-example-"));
const workspace = join(folder, "work");
await mkdir(workspace);
const agents = join(import.meta.dirname, "agents");

const config = loadConfig({
  cwd: folder,
  env: {},
  flags: [{ setting: "agents", flag: "--agents", value: [agents] }],
});
const engine = createEngine(config, thisHost({ ...process.env }));
const common = { effort: undefined, mcpCommands: [] };
const inputs = { letter: "Dear firm, you still owe us 3 euros." };
try {
  const once = await engine.runs.create({
    ...common,
    agent: "triage@1.0.0",
    task: { kind: "inputs", inputs },
    mode: "once",
    model: `scripted:${join(agents, "turns/triage.yaml")}`,
  });
  const first = await engine.runs.drive(once);
  assert(first.outcome === "verified");
  console.log("once:", first.output);

  const iterative = await engine.runs.create({
    ...common,
    agent: "triage",
    task: { kind: "inputs", inputs, workspace },
    mode: "iterative",
    model: `scripted:${join(agents, "turns/triage-iterative.yaml")}`,
  });
  const second = await engine.runs.drive(iterative);
  assert(second.outcome === "verified");
  console.log("iterative:", second.output);
  assert.deepEqual(second.output, first.output);
  assert.match(await readFile(join(workspace, "register.txt"), "utf8"), /^bills/);

  // What looked at the work, in the order in which it did.
  const looks = engine.store.runLog
    .read(iterative)
    .flatMap((event) => (event.type === "check.completed" ? [[event.kind, event.passed]] : []));
  assert.deepEqual(looks, [
    ["schema", true],
    ["command", false],
    ["schema", true],
    ["command", true],
    ["judge", true],
  ]);
} finally {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
}
