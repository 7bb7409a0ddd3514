import type { Clock } from "../../base/clock.ts";
import { Agent33Error, isAgent33Error } from "../../base/errors.ts";
import { type Migration, migrations, sealsSince } from "../schema/migrations.ts";
import type { Database } from "../sqlite/database.ts";
import { migrate, schemaVersion } from "../sqlite/migrations.ts";
import type { Stretch } from "./histories.ts";
import type { Change } from "./line.ts";
import { changesAfter } from "./reader.ts";

/** Up to which change to go: one of a number, the last before a time, or the last that there is. */
export interface ReplayTarget {
  readonly seq?: number | undefined;
  /** Milliseconds since the Unix epoch; a change of that very time is in. */
  readonly at?: number | undefined;
}

export interface ReplayOptions {
  readonly database: Database;
  readonly journal: string;
  /** From the one that the database is in, to the newest. */
  readonly stretches: readonly Stretch[];
  /** The number of the last change that the database has. */
  readonly after: number;
  readonly target: ReplayTarget;
  readonly clock: Clock;
  /** The steps of the schema; this program's by default. */
  readonly steps?: readonly Migration[];
  /** Told of each change before it is done. */
  readonly onChange?: (change: Change) => void;
}

/** How far the changes of a journal went. */
export interface ReplayReport {
  readonly changes: number;
  /** The history and the number of the last change that the database has now. */
  readonly history: string;
  readonly seq: number;
  /** When the last change was made, milliseconds since the Unix epoch; null where there was none. */
  readonly at: number | null;
  /** The latest time of a change, which a clock that was set back makes another than the last's. */
  readonly latest: number | null;
  /** `target`: as far as was asked for; `end`: all there is; `gap`: the next one is missing. */
  readonly end: "target" | "end" | "gap";
}

/** Transactions of the journal are committed together: each of its own would wait for the disk. */
const changesAtOnce = 500;

/**
 * Does to a database what its journal says, change by change.
 * @throws Agent33Error `store.journal_mismatch` where a change does not fit the rows that are there,
 * `store.journal_older`, `store.newer_schema`, other `store.*`
 */
export async function replayChanges(options: ReplayOptions): Promise<ReplayReport> {
  const { database, journal, stretches, target } = options;
  const [begins] = stretches;
  let report: ReplayReport = {
    changes: 0,
    history: begins?.history ?? "",
    seq: options.after,
    at: null,
    latest: null,
    end: "end",
  };
  /** What the changes so far were of; the database itself may not have its seals yet. */
  let schema: number | undefined;
  const limit = target.seq ?? Number.POSITIVE_INFINITY;
  for (const { history, upTo } of stretches) {
    const bound = Math.min(limit, upTo ?? Number.POSITIVE_INFINITY);
    const lines = changesAfter(journal, history, report.seq, "healed");
    report = { ...report, history };
    database.sql.run("BEGIN IMMEDIATE");
    try {
      for (;;) {
        if (report.seq >= limit) return { ...report, end: "target" };
        if (report.seq >= bound) break;
        const { done, value } = await lines.next();
        if (done === true) {
          if (upTo !== null || value.kind === "gap") return { ...report, end: "gap" };
          break;
        }
        if (target.at !== undefined && value.at > target.at) return { ...report, end: "target" };
        if (value.schema !== schema) bringTo(options, value.schema);
        schema = value.schema;
        options.onChange?.(value);
        apply(database, value, history);
        const { seq, at } = value;
        const latest = Math.max(at, report.latest ?? at);
        report = { ...report, changes: report.changes + 1, seq, at, latest };
        if (report.changes % changesAtOnce === 0) {
          database.sql.run("COMMIT");
          database.sql.run("BEGIN IMMEDIATE");
        }
      }
    } finally {
      database.sql.run("COMMIT");
    }
  }
  return report;
}

/** @throws Agent33Error `store.journal_mismatch`, other `store.*` */
function apply({ sql }: Database, { seq, statements }: Change, history: string): void {
  for (const { text, parameters, changes } of statements) {
    let done: number;
    try {
      done = sql.run(text, ...parameters).changes;
    } catch (error) {
      // What a table refuses; a full disk and its like are told as what they are.
      if (isAgent33Error(error) && error.code === "store.failed") {
        throw mismatch(history, seq, error);
      }
      throw error;
    }
    if (changes !== null && done !== changes) throw mismatch(history, seq);
  }
}

/**
 * Between two schemas are the steps that every store takes. At this program's own, rows get their
 * seals as they are written; from before there were any, they get them in the step that brings them.
 * Between the two there are seals whose tables this program does not know any more: what was written
 * there without one would be taken for damaged.
 */
function bringTo({ database, clock, steps = migrations }: ReplayOptions, schema: number): void {
  const found = schemaVersion(database);
  if (schema > steps.length || schema < found) {
    throw new Agent33Error(
      "store.newer_schema",
      `The journal has changes of schema version ${schema}; the store is at ${found}, and this AGENT-33 knows versions up to ${steps.length}.`,
      { hint: "Use the AGENT-33 that wrote it or a newer one. The store is as it was." },
    );
  }
  if (schema >= sealsSince && schema < steps.length) {
    throw new Agent33Error(
      "store.journal_older",
      `The journal has changes of schema version ${schema}, whose rows have checksums that this AGENT-33, at version ${steps.length}, cannot make.`,
      {
        hint: "Restore the backup from before the upgrade, without its journal: agent33 store restore upgrade --migrate. Or restore with the AGENT-33 that wrote the journal, and bring the store up to date then. The store is as it was.",
        details: { schema, known: steps.length },
      },
    );
  }
  database.sql.run("COMMIT");
  migrate(database, clock, schema === steps.length ? steps : steps.slice(0, schema));
  database.sql.run("BEGIN IMMEDIATE");
}

function mismatch(history: string, seq: number, cause?: unknown): Agent33Error {
  return new Agent33Error(
    "store.journal_mismatch",
    `Change ${seq} of history ${history} does not fit the rows of the backup.`,
    {
      hint: "Take another backup, or stop before it with --seq. The store is as it was.",
      details: { history, seq },
      cause,
    },
  );
}
