import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { sha256 } from "../../base/digest.ts";
import type { Agent33Error } from "../../base/errors.ts";
import { uuidv7Source } from "../../base/ids.ts";
import { seededRandom } from "../../base/random.ts";
import type { StoreOptions } from "../store.ts";
import { newRun, type TemporaryStore, temporaryStore } from "../store.fixture.ts";
import { listBackups } from "./catalogue.ts";
import { type RestoreOptions, type RestoreReport, restoreStore } from "./restore.ts";
import { type BackupReport, takeBackup } from "./take.ts";

/** A store with runs, files beside it, and a folder for its backups. */
export interface BackedUpStore extends TemporaryStore {
  readonly backups: string;
  /** What was told of its journal. */
  readonly troubles: readonly Agent33Error[];
  /** Makes a run whose id says which it is. */
  write(name: string): void;
  /** The ids of the runs that are there. */
  runs(): readonly string[];
  backUp(): Promise<BackupReport>;
  /** Closes the store. */
  close(): void;
  /** Closes the store, and restores the newest backup unless another is named. */
  restore(options?: Partial<RestoreOptions>): Promise<RestoreReport>;
}

export function backedUpStore(options: Partial<StoreOptions> = {}): BackedUpStore {
  const troubles: Agent33Error[] = [];
  const onJournalTrouble = (error: Agent33Error) => troubles.push(error);
  const temporary = temporaryStore({ onJournalTrouble, ...options });
  const { dataDir, clock } = temporary;
  const backups = join(dataDir, "backups");
  let store = temporary.store;
  return {
    ...temporary,
    backups,
    troubles,
    write: (name) => {
      store.tenant("local").runs.create(newRun(name));
    },
    runs: () => {
      const opened = temporary.reopen();
      const ids = opened
        .tenant("local")
        .runs.list()
        .items.map(({ id }) => id);
      opened.close();
      return ids.toSorted();
    },
    close: () => store.close(),
    backUp: () => {
      clock.advance(1_000);
      const at = clock.now();
      return takeBackup({ dataDir, folder: backups, kind: "manual", at, engine: "0.0.0" });
    },
    restore: async (options = {}) => {
      store.close();
      const ids = uuidv7Source(clock, seededRandom(clock.now()));
      clock.advance(1_000);
      const report = await restoreStore({
        dataDir,
        clock,
        ids,
        backups: listBackups(backups),
        ...options,
      });
      store = temporary.reopen();
      return report;
    },
  };
}

/** Keeps a content as a workspace's is kept, and names it in a run's own file. */
export function keepContent(dataDir: string, text: string): string {
  const digest = sha256(text);
  const path = join(dataDir, "kept", digest.slice(0, 2), digest);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  const run = join(dataDir, "runs", digest.slice(0, 8));
  mkdirSync(run, { recursive: true });
  writeFileSync(join(run, "workspace-kept.json"), JSON.stringify({ digest }));
  return path;
}

/** All files below a folder with their digests; what locks and backups leave is not among them. */
export function filesOf(folder: string): Readonly<Record<string, string>> {
  const names = readdirSync(folder, { recursive: true }).map(String);
  const files = names.filter(
    (name) => statSync(join(folder, name)).isFile() && !/(?:^backups|\.lock$)/.test(name),
  );
  return Object.fromEntries(
    files.sort().map((name) => [name, sha256(readFileSync(join(folder, name)))]),
  );
}
