import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ManualClock, manualClock } from "../base/clock.ts";
import { uuidv7Source } from "../base/ids.ts";
import { seededRandom } from "../base/random.ts";
import type { NewRun } from "./repositories/runs.ts";
import type { SyncTenantStore } from "./repositories/index.ts";
import { openStore, type Store, type StoreOptions } from "./store.ts";

/** A store in a new folder, on a clock that stands still. */
export interface TemporaryStore {
  readonly dataDir: string;
  readonly clock: ManualClock;
  readonly store: Store;
  /** The rows of the tenant `local`. */
  readonly rows: SyncTenantStore;
  /** Another opening of the same folder. */
  reopen(): Store;
  remove(): void;
}

export function temporaryStore(options: Partial<StoreOptions> = {}): TemporaryStore {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), "agent33-store-"));
  const clock = manualClock();
  const ids = uuidv7Source(clock, seededRandom(33));
  const opened: Store[] = [];
  const reopen = (): Store => {
    const store = openStore({ clock, ids, synchronous: "normal", ...options, dataDir });
    opened.push(store);
    return store;
  };
  const store = reopen();
  return {
    dataDir,
    clock,
    store,
    rows: store.tenant("local"),
    reopen,
    remove: () => {
      for (const store of opened) store.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** A run row with nothing special in it. */
export function newRun(id: string): NewRun {
  return {
    id,
    task: "Add the numbers",
    agent: "worker@1",
    model: "scripted:test",
    effort: "low",
    workspace: null,
    spec: { task: { text: "Add the numbers" } },
  };
}
