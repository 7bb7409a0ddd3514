import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Migration, migrations, sealsSince } from "../schema/migrations.ts";
import { openDatabase } from "../sqlite/database.ts";
import { schemaVersion } from "../sqlite/migrations.ts";
import { newRun, type TemporaryStore, temporaryStore } from "../store.fixture.ts";
import { lastHistories, stretchesOf } from "./histories.ts";
import { replayChanges, type ReplayReport } from "./replay.ts";
import { journalFolder } from "./segments.ts";

let subject: TemporaryStore;
beforeEach(() => {
  subject = temporaryStore({ journal: true });
  subject.store.tenant("local").runs.create(newRun("one"));
});
afterEach(() => subject.remove());

/** Does all that the journal has to a new file, as a program with these steps would. */
async function replayed(steps: readonly Migration[]) {
  const { dataDir, clock } = subject;
  const journal = join(dataDir, journalFolder);
  const [history = ""] = lastHistories(journal);
  const database = openDatabase({ path: join(dataDir, "again.db") });
  const stretches = stretchesOf(journal, history);
  const asked = { database, journal, stretches, after: 0, target: {}, clock, steps };
  try {
    const report: ReplayReport = await replayChanges(asked);
    const runs = database.sql.all("SELECT id FROM runs").map(({ id }) => id);
    return { report, schema: schemaVersion(database), runs };
  } finally {
    database.close();
  }
}

test("changes of this program's schema are done again, with their seals", async () => {
  expect(await replayed(migrations)).toMatchObject({
    report: { end: "end" },
    schema: migrations.length,
    runs: ["one"],
  });
});

test("a program of a later schema refuses changes whose rows it could not seal", async () => {
  const later = { name: "later", text: "ALTER TABLE runs ADD COLUMN more TEXT" };
  expect(migrations.length).toBeGreaterThanOrEqual(sealsSince);
  await expect(replayed([...migrations, later])).rejects.toMatchObject({
    code: "store.journal_older",
    message: expect.stringContaining(`changes of schema version ${migrations.length}`),
    hint: expect.stringContaining("store restore upgrade --migrate"),
  });
});
