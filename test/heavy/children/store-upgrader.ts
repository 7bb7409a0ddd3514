import { writeSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { toAgent33Error } from "../../../src/base/errors.ts";
import { loadConfig } from "../../../src/config/config.ts";
import { thisHost } from "../../../src/engine/host.ts";
import { backUpBefore } from "../../../src/engine/store-backup.ts";
import { snapshotChild } from "../../../src/engine/store-child.ts";
import { createProcesses } from "../../../src/sandbox/process.ts";
import { upgradeStore } from "../../../src/store/upgrade.ts";
import { acknowledgementDescriptor, noteDescriptor, type UpgradeOrder } from "../store-orders.ts";
import { backUpAlone } from "../store-upgrade-alone.ts";

/** A process that brings one store up to date and says where it is. */
const order = JSON.parse(process.argv[2] ?? "") as UpgradeOrder;

function note(name: string, facts: object = {}): void {
  writeSync(noteDescriptor, `${JSON.stringify({ note: name, ...facts })}\n`);
}

const host = thisHost({ ...process.env });
const processes = createProcesses(host.clock);
const config = loadConfig({ cwd: order.dataDir, env: {}, flags: [] });
flushCompileCache();
note("ready");
try {
  const report = await upgradeStore({
    dataDir: order.dataDir,
    clock: host.clock,
    snapshot: snapshotChild(host, processes),
    backUp: async () => {
      const kept =
        order.alone === true
          ? await backUpAlone(order.dataDir)
          : await backUpBefore("upgrade", order.dataDir, config, host, processes);
      note("backed up");
      return kept;
    },
  });
  writeSync(acknowledgementDescriptor, "done\n");
  note("done", report);
} catch (error) {
  const { code, message } = toAgent33Error(error);
  note("failed", { code, message });
} finally {
  await processes.killAll();
}
