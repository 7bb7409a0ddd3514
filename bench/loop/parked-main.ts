import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../src/config/config.ts";
import { createEngine, type Engine, thisHost } from "../../src/engine.ts";
import { collectGarbage } from "../harness.ts";

/**
 * Parks runs in one engine and says how much more of the heap is used for it: each waits for a
 * person before its first tool call. Argument: how many. Prints JSON.
 */
const runs = Number(process.argv[2]);
const folder = mkdtempSync(join(tmpdir(), "agent33-bench-"));

async function park(engine: Engine, count: number): Promise<void> {
  for (let made = 0; made < count; made += 1) {
    const runId = await engine.runs.create({
      task: { kind: "text", text: "Note it.", workspace: join(folder, "work") },
      model: `scripted:${join(folder, "script.yaml")}`,
      effort: undefined,
      mcpCommands: [],
    });
    const { outcome } = await engine.runs.drive(runId);
    if (outcome !== "parked") throw new Error(`The run is ${outcome}.`);
  }
}

function heap(): number {
  collectGarbage("major");
  collectGarbage("major");
  return process.memoryUsage().heapUsed;
}

try {
  mkdirSync(join(folder, "work"));
  writeFileSync(
    join(folder, "script.yaml"),
    "name: parks\nturns:\n  - tool_calls:\n      - { name: append_line, arguments: { path: a.txt, line: x } }\n",
  );
  writeFileSync(
    join(folder, "asks.yaml"),
    'pack: asks\nversion: 1\ndescription: asks before writing\ndefault: allow\nrules:\n  - id: writes\n    ask: { connector: "tool:workspace" }\n    reason: Somebody is asked.\n',
  );
  const flags = [
    { setting: "data", flag: "--data", value: join(folder, "data") },
    { setting: "store.synchronous", flag: "--synchronous", value: "normal" },
    { setting: "policy.packs", flag: "--policy", value: ["asks"] },
    { setting: "policy.files", flag: "--policy-files", value: [join(folder, "asks.yaml")] },
  ];
  const config = loadConfig({ cwd: folder, env: {}, flags });
  const engine = createEngine(config, {
    ...thisHost({ PATH: process.env["PATH"] ?? "" }),
    cwd: folder,
  });
  await park(engine, 30);
  const before = heap();
  await park(engine, runs);
  const kilobytesARun = (heap() - before) / 1000 / runs;
  await engine.close();
  process.stdout.write(JSON.stringify({ kilobytesARun, runs }));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
