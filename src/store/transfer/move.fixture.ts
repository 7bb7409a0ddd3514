import { systemClock } from "../../base/clock.ts";
import { uuidv7Source } from "../../base/ids.ts";
import { systemRandom } from "../../base/random.ts";
import { openStore } from "../store.ts";
import { openFileSource } from "./byte-source.ts";
import { copyStore } from "./copy.ts";
import { importStore } from "./import.ts";
import { migrateLegacy } from "./legacy.ts";

/** Moves something into a store, in small steps, as a process that tests kill. */
const [what = "", from = "", to = ""] = process.argv.slice(2);
const clock = systemClock;
const ids = uuidv7Source(clock, systemRandom);
const { backend, close } = openStore({ dataDir: to, clock, ids, synchronous: "normal" });
const onProgress = (): void => {
  process.send?.("step");
};
try {
  if (what === "copy") {
    const source = openStore({ dataDir: from, clock, ids });
    await copyStore({ from: source.backend, to: backend, clock, onProgress });
    source.close();
  } else if (what === "import") {
    const source = await openFileSource(from);
    await importStore({ backend, source, clock, batchLines: 20, onProgress });
    await source.close();
  } else {
    const state = { path: from, kind: "legacy-json", tenant: "local" } as const;
    await migrateLegacy({ backend, ...state, clock, batchRecords: 20, onProgress });
  }
} finally {
  close();
}
if (process.connected) process.disconnect();
