import { manualClock } from "../../src/base/clock.ts";
import { uuidv7Source } from "../../src/base/ids.ts";
import { seededRandom } from "../../src/base/random.ts";
import { allCases } from "../../src/store/conformance/all.cases.ts";
import { runCases } from "../../src/store/conformance/suite.cases.ts";
import { openPostgresBackend } from "../../src/store/postgres/backend.ts";
import { describePostgres, lentStore, parts } from "../support/postgres-tests.ts";

describePostgres("a store in PostgreSQL", "shared", (server) => {
  runCases(allCases, async () => {
    const clock = manualClock();
    const ids = uuidv7Source(clock, seededRandom(33));
    const url = await lentStore(server());
    const backend = await openPostgresBackend({
      ...parts,
      url,
      ids,
      // The time stands still; waiting does not move it.
      clock: { ...clock, sleep: parts.clock.sleep },
    });
    return { backend, clock, dispose: () => backend.close() };
  });
});
