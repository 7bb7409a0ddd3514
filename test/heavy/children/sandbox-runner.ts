import { systemClock } from "../../../src/base/clock.ts";
import { createSandboxes } from "../../../src/sandbox/choose.ts";
import { createProcesses } from "../../../src/sandbox/process.ts";
import { sandboxDrivers } from "../../../src/sandbox/sandbox.ts";

/** An engine that does nothing but run one command in a sandbox, until it is killed. */
const [name, workspace = "", script = ""] = process.argv.slice(2);
const driver = sandboxDrivers.find((one) => one === name);
if (driver === undefined) throw new Error(`There is no driver ${name}.`);
const drivers = createSandboxes({
  spawn: createProcesses().spawn,
  clock: systemClock,
  pathEntries: ["/usr/local/bin", "/usr/bin", "/bin"],
  dockerSocket: "/nonexistent",
  image: "none",
});
process.stdout.write("ready\n");
await drivers[driver].run({
  command: ["sh", "-c", script],
  workspace,
  timeoutMs: 60_000,
  outputLimitBytes: 1_000,
  processes: 48,
});
