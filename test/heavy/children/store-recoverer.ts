import { writeSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { toAgent33Error } from "../../../src/base/errors.ts";
import { loadConfig } from "../../../src/config/config.ts";
import { openEngine, recoverSettingsStore } from "../../../src/engine.ts";
import { thisHost } from "../../../src/engine/host.ts";
import { noteDescriptor, type RecovererOrder } from "../store-orders.ts";

/** A process that recovers a damaged store, and says where it is. */
const { dataDir, how } = JSON.parse(process.argv[2] ?? "") as RecovererOrder;
const host = { ...thisHost({ PATH: process.env["PATH"] }), cwd: dataDir };
const config = loadConfig({
  cwd: dataDir,
  env: {},
  flags: [
    { setting: "data", flag: "--data", value: dataDir },
    { setting: "egressGuard", flag: "--egress-guard", value: "off" },
  ],
});

function note(name: string, facts: object = {}): void {
  writeSync(noteDescriptor, `${JSON.stringify({ note: name, ...facts })}\n`);
}

flushCompileCache();
note("ready");
try {
  if (how === "command") {
    const options = { dryRun: false, onProgress: () => undefined };
    const { lost, aside } = await recoverSettingsStore(config, host, options);
    note("done", { lost: lost.length, aside });
  } else {
    const engine = await openEngine(config, host);
    await engine.close();
    note("done");
  }
} catch (error) {
  const { code, message } = toAgent33Error(error);
  note("failed", { code, message });
}
