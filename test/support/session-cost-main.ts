// What a run costs whose server offers many tools: `node test/support/session-cost-main.ts 10000`.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../src/config/config.ts";
import { createEngine, thisHost } from "../../src/engine.ts";

const tools = process.argv[2] ?? "10000";
const cwd = mkdtempSync(join(tmpdir(), "agent33-session-cost-"));
const script = join(import.meta.dirname, "mcp-servers/many-tools.mjs");
const server = { command: process.execPath, args: [script, tools], confine: false };
const flags = [{ setting: "mcpServers", flag: "--mcp", value: { many: server } }];
const host = { ...thisHost({ PATH: process.env["PATH"] ?? "" }), cwd };
const engine = createEngine(loadConfig({ cwd, env: {}, flags }), host);
const model = join(cwd, "script.yaml");
writeFileSync(model, "name: none\nturns:\n  - text: Done.\n");

const before = { cpu: process.cpuUsage(), rss: process.memoryUsage.rss() };
const runId = await engine.runs.create({
  task: { kind: "text", text: "Nothing.", workspace: undefined },
  model: `scripted:${model}`,
  effort: undefined,
  mcpCommands: [],
});
const { outcome } = await engine.runs.drive(runId);
const { user, system } = process.cpuUsage(before.cpu);
const mebibytes = (bytes: number): number => Math.round(bytes / (1024 * 1024));
const grown = mebibytes(process.memoryUsage.rss() - before.rss);
const peak = Math.round(process.resourceUsage().maxRSS / 1024);
process.stdout.write(
  `${tools} tools: outcome ${outcome}, CPU ${((user + system) / 1e6).toFixed(1)} s, memory +${grown} MiB, peak ${peak} MiB\n`,
);
await engine.close();
rmSync(cwd, { recursive: true });
