import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import { uuidv7Source } from "../../src/base/ids.ts";
import { seededRandom } from "../../src/base/random.ts";
import { restoreStore } from "../../src/store/backup/restore.ts";
import { databaseFile, openStore } from "../../src/store/store.ts";
import { digestTable } from "../../src/store/transfer/rows.ts";
import { storeTables } from "../../src/store/transfer/tables.ts";
import { storeWork, tenantName } from "../heavy/store-work.ts";
import { temporaryFolder } from "../support/temporary.ts";

test("the journal alone makes every table again as it was, whatever was written", async () => {
  const dataDir = temporaryFolder("journal-replay");
  const clock = manualClock();
  const ids = uuidv7Source(clock, seededRandom(5));
  const open = () => openStore({ dataDir, clock, ids, journal: true, synchronous: "normal" });
  const digests = async (store: ReturnType<typeof open>) => {
    const tables: Record<string, unknown> = {};
    for (const table of storeTables) {
      tables[table.name] = await digestTable(store.backend.tables.read, table);
    }
    return tables;
  };
  // Two openings take turns, as two processes do.
  const [one, other] = [open(), open()];
  const works = [one, other].map((store, index) =>
    storeWork(store.backend.tenant(tenantName), `w${index}`),
  );
  for (const work of works) await work.prepare();
  const writers = works.flatMap((work) => [work.writer(0), work.writer(1), work.writer(2)]);
  for (let round = 0; round < 40; round += 1) {
    clock.advance(1_000);
    await Promise.all(writers.map((next) => next().run()));
    // Within a batch, one that fails alone is undone alone.
    await one.backend
      .tenant(tenantName)
      .runLog.append("nobody", [{ type: "message.user", text: "x" }])
      .catch(() => undefined);
  }
  const before = await digests(one);
  expect(before["signals"]).toMatchObject({ rows: expect.any(Number) });
  one.close();
  other.close();
  for (const part of ["", "-wal", "-shm"]) {
    rmSync(join(dataDir, `${databaseFile}${part}`), { force: true });
  }
  const report = await restoreStore({ dataDir, clock, ids });
  expect(report.journal).toMatchObject({ end: "end" });
  expect(report.journal?.changes).toBeGreaterThan(40);
  const restored = open();
  expect(await digests(restored)).toEqual(before);
  restored.close();
});
