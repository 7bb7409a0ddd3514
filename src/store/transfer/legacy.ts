import type { Clock } from "../../base/clock.ts";
import { sha256 } from "../../base/digest.ts";
import { messageOf } from "../../base/errors.ts";
import type { Backend } from "../backend.ts";
import type { Program } from "../program.ts";
import { type ByteSource, identityOf, openFileSource } from "./byte-source.ts";
import type { SourceKind } from "./detect.ts";
import { createLegacyWriter, type Item } from "./legacy-batch.ts";
import { openLegacySqlite } from "./legacy-sqlite.ts";
import {
  firstLegacyState,
  type LegacyRecords,
  type LegacyState,
  parseLegacyState,
} from "./legacy-state.ts";
import { walkLegacy } from "./legacy-walk.ts";
import { type OnProgress, type SetAside, type Tally, withMore } from "./report.ts";
import { writeApart } from "./row-fault.ts";
import { findTransfer, saveTransfer, type Transfer } from "./transfer-state.ts";

export type LegacyKind = Extract<SourceKind, "legacy-json" | "legacy-sqlite">;

export interface MigrateStateOptions {
  readonly backend: Backend;
  readonly clock: Clock;
  /** Whose the records are that name no tenant or `default`. The others keep theirs. */
  readonly tenant: string;
  /** Looks at everything and writes nothing. */
  readonly dryRun?: boolean;
  /** Records a transaction. Default 500. */
  readonly batchRecords?: number;
  readonly onProgress?: OnProgress;
}

export interface LegacyReport {
  readonly source: string;
  readonly kind: LegacyKind;
  /** The id that quarantined records are filed under. */
  readonly transfer: string;
  readonly dryRun: boolean;
  /** Whether a migration that was broken off went on. */
  readonly resumed: boolean;
  readonly signals: LegacyRecords;
  readonly intakes: LegacyRecords;
  /** Records with times that have no time zone; they were read as UTC. */
  readonly withoutZone: number;
  /** What cannot be read or is no record; also ids that come twice with different content. */
  readonly quarantined: Tally<SetAside>;
  /** Links of which one end is missing; they were left out. */
  readonly dangling: Tally<SetAside>;
  /** The source ends before its document does; what was there came in. */
  readonly truncated: boolean;
}

const defaultBatchRecords = 500;
const batchBytes = 4 * 1024 * 1024;
const progressBytes = 256 * 1024;

/**
 * Takes over what the Python engine learned: every record that can be read, marked as migrated.
 * The source is only read. What is in the store stays as it is, so it can be run again; killed at
 * any moment, it goes on where it was. The source has no checksums, so a record that was altered
 * and still makes sense comes in altered.
 * @throws Agent33Error `store.busy` for a locked SQLite file, `store.unknown_source`,
 * `store.unreadable_source`, `store.transfer_elsewhere`, other `store.*`
 */
export async function migrateLegacy(
  options: MigrateStateOptions & { readonly path: string; readonly kind: LegacyKind },
): Promise<LegacyReport> {
  const { path, kind, clock } = options;
  const source = await (kind === "legacy-json"
    ? openFileSource(path)
    : openLegacySqlite(path, clock));
  try {
    return await migrateState({ ...options, source });
  } finally {
    await source.close();
  }
}

/** The same for a state that is open already. @throws Agent33Error as {@link migrateLegacy} */
export async function migrateState(
  options: MigrateStateOptions & { readonly source: ByteSource; readonly kind: LegacyKind },
): Promise<LegacyReport> {
  const { backend, clock, source, kind, tenant } = options;
  const dryRun = options.dryRun ?? false;
  const id = `${kind}-${sha256(`${await identityOf(source)}\n${tenant}`).slice(0, 32)}`;
  let noted = dryRun ? undefined : await backend.tables.read(() => findTransfer(id));
  const resumed = noted?.state === "running";
  let state =
    noted?.state === "running" ? parseLegacyState(noted.position, noted.report) : firstLegacyState;
  const writer = createLegacyWriter(clock);

  const note = async (
    work: (before: LegacyState) => Program<LegacyState>,
    transferState: Transfer["state"] = "running",
  ): Promise<void> => {
    const [before, last] = [state, noted];
    const done = await backend.tables[dryRun ? "read" : "write"](function* () {
      const { position, report } = yield* work(before);
      const transfer: Transfer = {
        id,
        kind,
        source: source.name,
        state: transferState,
        position,
        report,
      };
      if (!dryRun) yield* saveTransfer(last, transfer, clock.now());
      return { state: { position, report }, transfer };
    });
    state = done.state;
    noted = done.transfer;
  };
  const write = (items: readonly Item[]): Promise<void> =>
    note((before) => writer.write(before, items, { source: id, dryRun }));
  const refuse = (item: Item, error: unknown): Promise<void> =>
    write([{ ...item, kind: "bad", reason: messageOf(error) }]);
  /** Takes what comes after the place that is reached; the rest is only walked over. */
  const take = async (
    phase: LegacyState["position"]["phase"],
    items: AsyncIterable<Item>,
  ): Promise<void> => {
    let batch: Item[] = [];
    let bytes = 0;
    let told = 0;
    const tell = (done: number): void => {
      told = done;
      options.onProgress?.({ phase, done, total: source.size });
    };
    const flush = async (): Promise<void> => {
      const end = batch.at(-1)?.end;
      if (end === undefined) return;
      await writeApart(batch, write, refuse);
      batch = [];
      bytes = 0;
      tell(end);
    };
    for await (const item of items) {
      // Passing over what was taken before takes its time too.
      if (item.end - told >= progressBytes) tell(item.end);
      if (state.position.phase !== phase || item.end <= state.position.offset) continue;
      batch.push(item);
      bytes += item.bytes.length;
      const full = batch.length >= (options.batchRecords ?? defaultBatchRecords);
      if (full || bytes >= batchBytes) await flush();
    }
    await flush();
    tell(source.size);
  };

  const walk = walkLegacy({ source, clock, tenant });
  await take("intakes", walk.intakes());
  if (state.position.phase === "intakes") {
    await note(({ report }) => done({ position: { phase: "signals", offset: 0 }, report }));
  }
  await take("signals", walk.signals());
  await note(done, "finished");
  const { signals, intakes, withoutZone, quarantined } = state.report;
  return {
    source: source.name,
    kind,
    transfer: id,
    dryRun,
    resumed,
    signals,
    intakes,
    withoutZone,
    quarantined,
    dangling: withMore<SetAside>(state.report.dangling, [...walk.danglingLinks()]),
    truncated: walk.truncated,
  };
}

/** A program that only says what it is given. */
// oxlint-disable-next-line require-yield -- there is nothing to ask the store for
function* done(state: LegacyState): Program<LegacyState> {
  return state;
}
