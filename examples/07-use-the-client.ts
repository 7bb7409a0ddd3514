/**
 * Asks a server for a run and follows it, by the typed client. No model is called: the turns are
 * written down. Run it with: node examples/07-use-the-client.ts
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { createClient } from "../client/index.ts";

const folder = await mkdtemp(join(tmpdir(), "agent33-example-"));
await writeFile(join(folder, "script.yaml"), "name: hello\nturns:\n  - text: Hello.\n");
await writeFile(
  join(folder, "agent33.config.yaml"),
  "model: scripted:script.yaml\nserve: { port: 0 }\n",
);
const program = resolve(import.meta.dirname, "../bin/agent33.js");
const server = spawn(process.execPath, [program, "serve", "--json"], {
  cwd: folder,
  stdio: ["ignore", "pipe", "inherit"],
});
try {
  const [line] = await once(createInterface(server.stdout), "line");
  const { address, firstKey } = JSON.parse(String(line)) as { address: string; firstKey: string };

  const api = createClient({ baseUrl: address, key: firstKey });
  const run = await api.startRun({ body: { task: "Say hello." } });
  if (!run.ok) throw new Error(`${run.problem.code}: ${run.problem.detail}`);
  for await (const item of api.followRun({ id: run.value.id })) {
    if (!item.ok) throw new Error(item.problem.detail);
    if (item.value.type === "run.finished") console.log(item.value.summary);
  }

  const ended = await api.showRun({ id: run.value.id });
  assert.equal(ended.ok && ended.value.state, "finished");
  const missing = await api.showRun({ id: "none" });
  assert.equal(missing.ok ? "" : missing.problem.code, "store.unknown_run");
} finally {
  server.kill();
  await once(server, "exit");
  await rm(folder, { recursive: true, force: true });
}
