import { systemClock } from "../../src/base/clock.ts";
import { toAgent33Error } from "../../src/base/errors.ts";
import { uuidv7Source } from "../../src/base/ids.ts";
import { systemRandom } from "../../src/base/random.ts";
import { newRun } from "../../src/store/store.fixture.ts";
import { openStore } from "../../src/store/store.ts";
import { diskOrders } from "./disk/library.ts";

/**
 * A process whose disk fails to flush some writes of a run's log, and which is killed after the
 * last. Its arguments: the folder of the store, the file of the orders to its disk, and the writes as
 * JSON. It prints what became of each.
 */
const [dataDir = "", ordersPath = "", asked = "[]"] = process.argv.slice(2);
const writes = JSON.parse(asked) as readonly { text: string; kib: number; fails: boolean }[];
const orders = diskOrders(ordersPath);
const ids = uuidv7Source(systemClock, systemRandom);
const store = openStore({ dataDir, clock: systemClock, ids, journal: true });
const { runs, runLog } = store.tenant("local");
runs.create(newRun("run"));
const became: string[] = [];
for (const { text, kib, fails } of writes) {
  if (fails) orders.fail({ on: ["sync"], of: ["log"], with: "EIO" });
  else orders.mend();
  try {
    runLog.append("run", [{ type: "message.user", text: text + " ".repeat(kib * 1024) }]);
    became.push("kept");
  } catch (error) {
    became.push(toAgent33Error(error).code);
  }
}
process.stdout.write(`${JSON.stringify(became)}\n`, () => process.kill(process.pid, "SIGKILL"));
