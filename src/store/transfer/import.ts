import type { Clock } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import type { Backend } from "../backend.ts";
import type { Program } from "../program.ts";
import type { ByteSource } from "./byte-source.ts";
import { writeBatch } from "./import-batch.ts";
import { type Entry, hashBefore, openExport, readBatches } from "./import-source.ts";
import { endImport, type ImportedTable, isWhole, onlyCounted, tablesOf } from "./import-end.ts";
import { firstState, type ImportState, parseState } from "./import-state.ts";
import type { Footer } from "./jsonl-format.ts";
import type { OnProgress, SetAside, Tally } from "./report.ts";
import { writeApart } from "./row-fault.ts";
import { findTransfer, saveTransfer, type Transfer } from "./transfer-state.ts";

export interface ImportOptions {
  readonly backend: Backend;
  readonly source: ByteSource;
  readonly clock: Clock;
  /** Looks at everything and writes nothing. */
  readonly dryRun?: boolean;
  /** Lines a transaction. Default 500. */
  readonly batchLines?: number;
  readonly onProgress?: OnProgress;
}

export interface ImportReport {
  readonly source: string;
  /** The id that quarantined lines are filed under. */
  readonly transfer: string;
  readonly exportedAt: string;
  readonly dryRun: boolean;
  /** The byte at which an import that was broken off went on; 0 for one from the start. */
  readonly resumedAt: number;
  readonly tables: readonly ImportedTable[];
  /** Whether the file had all that was exported, unchanged, and none of it was set aside. */
  readonly whole: boolean;
  /** Rows that are here with other content, which was not touched. */
  readonly keptOther: Tally<SetAside>;
  readonly quarantined: Tally<SetAside>;
  /** The file has no end: what was there came in. Given the whole file, it goes on. */
  readonly truncated: boolean;
}

const defaultBatchLines = 500;
const phases = { lines: "import", counts: "take counts" } as const;

/**
 * Takes over an export. What is there already stays as it is, so that it can be run again, over a
 * store in use too; killed at any moment, it goes on where it was.
 * @throws Agent33Error `store.unknown_source` for another kind of file, `store.newer_schema`,
 * `store.transfer_elsewhere`, `store.unreadable_source`, other `store.*`
 */
export async function importStore(options: ImportOptions): Promise<ImportReport> {
  const { backend, source, clock, onProgress } = options;
  const dryRun = options.dryRun ?? false;
  const { header, headerEnd, id } = await openExport(source, await backend.schemaVersion());
  let noted = dryRun ? undefined : await backend.tables.read(() => findTransfer(id));
  let state = await stateOf(source, headerEnd, noted);
  const resumedAt = state.position.offset === headerEnd ? 0 : state.position.offset;

  const run = async (
    work: (before: ImportState, now: number) => Program<ImportState>,
    transferState: Transfer["state"],
  ): Promise<void> => {
    const before = state;
    const note = noted;
    const done = await backend.tables[dryRun ? "read" : "write"](function* () {
      const now = clock.now();
      const { position, report } = yield* work(before, now);
      const transfer: Transfer = {
        id,
        kind: "jsonl",
        source: source.name,
        state: transferState,
        position,
        report,
      };
      if (!dryRun) yield* saveTransfer(note, transfer, now);
      return { state: { position, report }, transfer };
    });
    state = done.state;
    noted = done.transfer;
  };
  const write = async (entries: readonly Entry[]): Promise<void> => {
    const last = entries.at(-1);
    if (last === undefined) return;
    const place = {
      offset: last.end,
      line: last.nextLine,
      before: await hashBefore(source, last.end),
    };
    await run(function* (before, now) {
      const context = { kind: backend.kind, source: id, now, dryRun };
      const { position, report } = yield* writeBatch(before, entries, context);
      return { position: { ...position, ...place }, report };
    }, "running");
    onProgress?.({ phase: phases[state.position.phase], done: last.end, total: source.size });
  };
  const refuse = async (entry: Entry, error: unknown): Promise<void> => {
    const tenant = tenantIn(entry.parsed);
    await write([{ ...entry, parsed: { kind: "bad", reason: messageOf(error), tenant } }]);
  };

  const readOn = async (): Promise<Footer | undefined> => {
    const batches = readBatches(source, state.position, options.batchLines ?? defaultBatchLines);
    let step = await batches.next();
    for (; step.done !== true; step = await batches.next()) {
      await writeApart(step.value, write, refuse);
    }
    return step.value.footer;
  };

  let footer = await readOn();
  if (footer !== undefined && isWhole(state, footer) && state.position.phase === "lines") {
    const { countsAt } = state.position;
    if (countsAt !== null && (await backend.tables.read(() => onlyCounted(state, dryRun)))) {
      const before = await hashBefore(source, countsAt.offset);
      // oxlint-disable-next-line require-yield -- there is nothing to ask the store for
      await run(function* ({ position, report }) {
        return { position: { ...position, ...countsAt, before, phase: "counts" }, report };
      }, "running");
      footer = await readOn();
    }
  }
  if (footer !== undefined) {
    const whole = footer;
    await run((before) => endImport(before, whole, { kind: backend.kind, dryRun }), "finished");
  }
  return {
    source: source.name,
    transfer: id,
    exportedAt: header.exportedAt,
    dryRun,
    resumedAt,
    tables: tablesOf(state, footer),
    whole: footer !== undefined && isWhole(state, footer),
    keptOther: state.report.keptOther,
    quarantined: state.report.quarantined,
    truncated: footer === undefined,
  };
}

function tenantIn(parsed: Entry["parsed"]): string {
  if (parsed.kind === "bad") return parsed.tenant;
  const { tenant } = parsed.row;
  return typeof tenant === "string" ? tenant : "default";
}

/** Where to begin: where it was left, if this is the same file up to there. */
async function stateOf(
  source: ByteSource,
  headerEnd: number,
  noted: Transfer | undefined,
): Promise<ImportState> {
  if (noted?.state === "running") {
    const state = parseState(noted.position, noted.report);
    const { offset, before } = state.position;
    if (offset <= source.size && (await hashBefore(source, offset)) === before) return state;
  }
  return firstState(headerEnd, await hashBefore(source, headerEnd));
}
