import { writeSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { toAgent33Error } from "../../../src/base/errors.ts";
import { loadConfig } from "../../../src/config/config.ts";
import { thisHost } from "../../../src/engine/host.ts";
import { moveIn } from "../../../src/engine/store-admin.ts";
import { type ImportOrder, noteDescriptor } from "../store-orders.ts";

/** A process that takes over a state of the Python engine, as `agent33 store migrate` does. */
const order = JSON.parse(process.argv[2] ?? "") as ImportOrder;

function note(name: string, facts: object = {}): void {
  writeSync(noteDescriptor, `${JSON.stringify({ note: name, ...facts })}\n`);
}

const host = thisHost({ ...process.env });
const config = loadConfig({ cwd: order.dataDir, env: {}, flags: [] });
flushCompileCache();
note("ready");
try {
  const { dataDir: to, source: file } = order;
  const asked = { file, to, dryRun: false, onProgress: () => undefined };
  note("done", await moveIn(asked, config, host));
} catch (error) {
  const { code, message, retryable } = toAgent33Error(error);
  note("failed", { code, message, retryable });
}
