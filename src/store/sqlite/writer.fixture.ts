import { systemClock } from "../../base/clock.ts";
import { uuidv7Source } from "../../base/ids.ts";
import { systemRandom } from "../../base/random.ts";
import { newRun } from "../store.fixture.ts";
import { openStore } from "../store.ts";

/** A process that appends `count` events to a run of its own and to one that all share. */
const [dataDir = "", name = "", count = ""] = process.argv.slice(2);
const store = openStore({
  dataDir,
  clock: systemClock,
  ids: uuidv7Source(systemClock, systemRandom),
  synchronous: "normal",
});
const rows = store.tenant("local");
rows.runs.create(newRun(name));
for (let index = 0; index < Number(count); index += 1) {
  const text = `${name} ${index}`;
  rows.runLog.append(name, [{ type: "message.user", text }]);
  rows.runLog.append("shared", [
    { type: "message.user", text },
    { type: "message.user", text: `${text} again` },
  ]);
}
store.close();
