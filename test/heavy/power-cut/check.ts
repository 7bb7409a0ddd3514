import { rmSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../../src/base/clock.ts";
import { messageOf } from "../../../src/base/errors.ts";
import { uuidv7Source } from "../../../src/base/ids.ts";
import { systemRandom } from "../../../src/base/random.ts";
import { parseNewSignal } from "../../../src/learning/signal.ts";
import { restoreStore } from "../../../src/store/backup/restore.ts";
import { positionIn } from "../../../src/store/backup/take.ts";
import { fullCheck } from "../../../src/store/check.ts";
import { journalFolder } from "../../../src/store/journal/segments.ts";
import { verifyJournal } from "../../../src/store/journal/verify.ts";
import { databaseFile, openStore } from "../../../src/store/store.ts";
import { checkStore } from "../store-check.ts";
import { faultsOf } from "../store-bench.ts";
import { tenantName } from "../store-work.ts";

const ids = uuidv7Source(systemClock, systemRandom);

/** What a cut of the power left of a store. */
export interface CutCheck {
  /** Acknowledged keys that are not there. */
  readonly lost: number;
  readonly faults: readonly string[];
  /** What was told of the journal as the store was used. */
  readonly troubles: readonly string[];
}

/** Opens a store as it is used after a cut, writes to it, and looks at all of it. */
export async function checkAfterCut(
  dataDir: string,
  acknowledged: ReadonlySet<string>,
): Promise<CutCheck> {
  const troubles: string[] = [];
  try {
    const onJournalTrouble = ({ code }: { readonly code: string }) => troubles.push(code);
    const options = { dataDir, clock: systemClock, ids, onJournalTrouble };
    const store = openStore({ ...options, journal: true });
    store.tenant(tenantName).signals.record(
      parseNewSignal({
        type: "bug",
        severity: "low",
        summary: "The power was cut",
        source: "heavy",
        idempotencyKey: "after.0.0",
      }),
      { dedupeWindowMs: 0 },
    );
    store.close();
    const path = join(dataDir, databaseFile);
    const check = checkStore(path, new Set([...acknowledged, "after.0.0"]));
    const faults = [...faultsOf(check)];
    const { problems, damaged } = fullCheck(path);
    faults.push(
      ...problems,
      ...damaged.map((row) => `a seal does not hold: ${JSON.stringify(row)}`),
    );
    faults.push(...(await journalFaults(dataDir)));
    return { lost: check.lost.length, faults, troubles };
  } catch (error) {
    return { lost: acknowledged.size, faults: [`does not open: ${messageOf(error)}`], troubles };
  }
}

/** The history that the store goes on in has no fault; one that was left may end in the middle. */
async function journalFaults(dataDir: string): Promise<readonly string[]> {
  const position = positionIn(join(dataDir, databaseFile));
  const found = await verifyJournal(join(dataDir, journalFolder));
  const own = found.find(({ history }) => history === position?.history);
  if (own === undefined) return ["the store's history is not in the journal"];
  const short = own.to < (position?.seq ?? 0) ? [`the journal ends at ${own.to}`] : [];
  return [...own.problems, ...short].map((problem) => `journal: ${problem}`);
}

/** Takes the database away, and makes the store of its journal alone. */
export async function checkJournalAlone(
  dataDir: string,
  promised: ReadonlySet<string>,
): Promise<readonly string[]> {
  for (const part of ["", "-wal", "-shm"])
    rmSync(join(dataDir, databaseFile + part), { force: true });
  try {
    await restoreStore({ dataDir, clock: systemClock, ids, backups: [] });
    const { lost } = checkStore(join(dataDir, databaseFile), promised);
    return lost.length === 0
      ? []
      : [`of its journal alone: ${lost.length} of ${promised.size} lost`];
  } catch (error) {
    return [`of its journal alone: ${messageOf(error)}`];
  }
}
