import { manualClock } from "../../src/base/clock.ts";
import { uuidv7Source } from "../../src/base/ids.ts";
import { seededRandom } from "../../src/base/random.ts";
import { allCases } from "../../src/store/conformance/all.cases.ts";
import { damageCases, type Past } from "../../src/store/conformance/damage.cases.ts";
import { type Bench, runCases } from "../../src/store/conformance/suite.cases.ts";
import { openPostgresBackend } from "../../src/store/postgres/backend.ts";
import { databaseOf } from "../support/postgres.ts";
import { describePostgres, lentStore, parts } from "../support/postgres-tests.ts";

describePostgres("a store in PostgreSQL", "shared", (server) => {
  const databases = new WeakMap<Bench["backend"], string>();
  const past =
    ({ backend }: Bench): Past =>
    async (sql) => {
      const text = `SET session_replication_role = replica; ${sql}`;
      await server().admin(text, databases.get(backend));
    };
  runCases({ ...allCases, "a damaged row": damageCases(past) }, async () => {
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
    databases.set(backend, databaseOf(url));
    return { backend, clock, dispose: () => backend.close() };
  });
});
