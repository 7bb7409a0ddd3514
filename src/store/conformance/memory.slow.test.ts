import { manualClock } from "../../base/clock.ts";
import { uuidv7Source } from "../../base/ids.ts";
import { seededRandom } from "../../base/random.ts";
import { inMemory } from "../sqlite/database.ts";
import { openStore } from "../store.ts";
import { allCases } from "./all.cases.ts";
import { runCases } from "./suite.cases.ts";

runCases(allCases, async () => {
  const clock = manualClock();
  const ids = uuidv7Source(clock, seededRandom(33));
  const { backend } = openStore({ dataDir: inMemory, clock, ids });
  return { backend, clock, dispose: () => backend.close() };
});
