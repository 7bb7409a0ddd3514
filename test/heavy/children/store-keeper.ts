import { readFileSync, writeFileSync, writeSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { systemClock } from "../../../src/base/clock.ts";
import { toAgent33Error } from "../../../src/base/errors.ts";
import { uuidv7Source } from "../../../src/base/ids.ts";
import { systemRandom } from "../../../src/base/random.ts";
import { thisHost } from "../../../src/engine/host.ts";
import { copyPlaces } from "../../../src/engine/store-admin.ts";
import { listBackups } from "../../../src/store/backup/catalogue.ts";
import { restoreStore } from "../../../src/store/backup/restore.ts";
import { takeBackup } from "../../../src/store/backup/take.ts";
import { databaseFile } from "../../../src/store/store.ts";
import { acknowledgementDescriptor, type KeeperOrder, noteDescriptor } from "../store-orders.ts";

/** A process that backs a store up, restores it or copies it, and says where it is. */
const order = JSON.parse(process.argv[2] ?? "") as KeeperOrder;
const { dataDir, to } = order;
const backups = join(dataDir, "backups");
const clock = systemClock;

function note(name: string, facts: object = {}): void {
  writeSync(noteDescriptor, `${JSON.stringify({ note: name, ...facts })}\n`);
}

async function act(): Promise<object> {
  switch (order.act) {
    case "backup": {
      const at = clock.now();
      const keep = { newest: 3, hours: 0, days: 0, weeks: 0, months: 0 };
      const kind = "scheduled";
      const kept = { keep, keepJournalDays: 1 };
      const made = { dataDir, folder: backups, kind, at, engine: "0", ...kept } as const;
      const { id, trouble } = await takeBackup(made);
      return { id, trouble };
    }
    case "restore": {
      const ids = uuidv7Source(clock, systemRandom);
      const report = await restoreStore({ dataDir, clock, ids, backups: listBackups(backups) });
      return { changes: report.journal?.changes, end: report.journal?.end };
    }
    case "restore-without-journal": {
      const ids = uuidv7Source(clock, systemRandom);
      const [backup] = listBackups(backups);
      return { from: (await restoreStore({ dataDir, clock, ids, backup })).backup };
    }
    case "restore-in-place": {
      const [backup] = listBackups(backups);
      const packed = readFileSync(join(backup?.path ?? "", "store.db.zst"));
      const plain = zstdDecompressSync(packed);
      writeFileSync(join(dataDir, databaseFile), plain.subarray(0, plain.length / 2));
      note("half");
      // The harness ends it here.
      await clock.sleep(60_000);
      return {};
    }
    case "copy": {
      const host = thisHost({ ...process.env });
      const places = { from: dataDir, to: to ?? "" };
      const { copied, equal } = await copyPlaces(places, host, () => undefined);
      return { copied, equal };
    }
  }
}

flushCompileCache();
note("ready");
try {
  const facts = await act();
  writeSync(acknowledgementDescriptor, `done ${"id" in facts ? String(facts.id) : ""}\n`);
  note("done", facts);
} catch (error) {
  const { code, message } = toAgent33Error(error);
  note("failed", { code, message });
}
