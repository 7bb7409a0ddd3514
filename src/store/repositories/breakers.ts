import { z } from "zod";
import { Agent33Error } from "../../base/errors.ts";
import { problemsOf } from "../../learning/problems.ts";
import { storableText } from "../../learning/text.ts";
import { change, lock, type Program, read, select, write } from "../program.ts";
import { queries } from "../queries.ts";
import type { BreakersTable } from "../tables.ts";
import type { RepositoryContext } from "./context.ts";

/** What a breaker is by itself, as it stands in the store. */
export interface BreakerStanding {
  readonly key: string;
  readonly state: "closed" | "open" | "half_open";
  /** Until when it lets nothing through. Milliseconds since the Unix epoch; null unless open. */
  readonly openUntil: number | null;
  /** How often it opened in a row, which sets how long it stays open. */
  readonly openings: number;
  /** How often it opened in all. */
  readonly timesOpened: number;
}

/** What a person has decided about a breaker, whatever its own state is. */
export interface BreakerForce {
  readonly state: "open" | "closed";
  /** When it ends by itself; null is when somebody takes it back. */
  readonly until: number | null;
  readonly by: string;
  readonly reason: string;
}

/** One breaker as it is kept. */
export interface StoredBreaker extends BreakerStanding {
  /** Null where nobody forces it, or not any more. */
  readonly forced: BreakerForce | null;
  /** When anything of it was written last. Milliseconds since the Unix epoch. */
  readonly updatedAt: number;
}

const keySchema = storableText(1, 1000);
const countSchema = z.int().min(0);
const timeSchema = z.int().min(0).nullable();
const standingSchema = z.strictObject({
  key: keySchema,
  state: z.enum(["closed", "open", "half_open"]),
  openUntil: timeSchema,
  openings: countSchema,
  timesOpened: countSchema,
});
const forceSchema = z.strictObject({
  state: z.enum(["open", "closed"]),
  until: timeSchema,
  by: storableText(1, 200),
  reason: storableText(1, 1000),
});

/** Circuit breakers that have opened or been forced, over restarts and all processes. */
export function breakersRepository({ tenant, clock }: RepositoryContext) {
  return {
    /**
     * By key. A forcing whose time is over is none.
     * @param changedSince only those written then or later
     */
    list: read(function* (
      filter: { readonly changedSince?: number } = {},
    ): Program<readonly StoredBreaker[]> {
      const now = clock.now();
      const found = yield* select(
        queries
          .selectFrom("breakers")
          .selectAll()
          .where("tenant", "=", tenant)
          .where("updated_at", ">=", filter.changedSince ?? 0)
          .orderBy("key"),
      );
      return found.map((row) => breakerOf(row, now));
    }),
    /** Keeps what a breaker is by itself; what a person forced stays. @throws Agent33Error `store.bad_breaker` */
    save: write(function* (standing: BreakerStanding): Program<void> {
      const { key, state, openUntil, openings, timesOpened } = parse(standingSchema, standing);
      yield* change(
        `INSERT INTO breakers (tenant, key, state, open_until, openings, times_opened, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (tenant, key) DO UPDATE SET state = excluded.state,
           open_until = excluded.open_until, openings = excluded.openings,
           times_opened = excluded.times_opened, updated_at = excluded.updated_at`,
        tenant,
        key,
        state,
        openUntil,
        openings,
        timesOpened,
        clock.now(),
      );
    }),
    /**
     * Forces a breaker open or closed until a time; what was forced before ends.
     * @throws Agent33Error `store.bad_breaker`
     */
    force: write(function* (key: string, force: BreakerForce): Program<void> {
      const { state, until, by, reason } = parse(forceSchema, force);
      yield* change(
        `INSERT INTO breakers (tenant, key, state, openings, times_opened, forced, forced_until,
           forced_by, forced_reason, updated_at)
         VALUES (?, ?, 'closed', 0, 0, ?, ?, ?, ?, ?)
         ON CONFLICT (tenant, key) DO UPDATE SET forced = excluded.forced,
           forced_until = excluded.forced_until, forced_by = excluded.forced_by,
           forced_reason = excluded.forced_reason, updated_at = excluded.updated_at`,
        tenant,
        parse(keySchema, key),
        state,
        until,
        by,
        reason,
        clock.now(),
      );
    }),
    /** Lets a breaker go by its own state again; says whether it was forced. */
    unforce: write(function* (key: string): Program<boolean> {
      yield* lock("breaker", tenant, key);
      const now = clock.now();
      const [row] = yield* select(
        queries
          .selectFrom("breakers")
          .selectAll()
          .where("tenant", "=", tenant)
          .where("key", "=", key),
      );
      if (row === undefined || row.forced === null) return false;
      yield* change(
        `UPDATE breakers SET forced = NULL, forced_until = NULL, forced_by = NULL,
           forced_reason = NULL, updated_at = ? WHERE tenant = ? AND key = ?`,
        now,
        tenant,
        key,
      );
      return breakerOf(row, now).forced !== null;
    }),
  };
}

function breakerOf(row: BreakersTable, now: number): StoredBreaker {
  const { forced, forced_until: until } = row;
  const over = until !== null && until <= now;
  return {
    key: row.key,
    state: row.state,
    openUntil: row.open_until,
    openings: row.openings,
    timesOpened: row.times_opened,
    forced:
      forced === null || over
        ? null
        : { state: forced, until, by: row.forced_by ?? "", reason: row.forced_reason ?? "" },
    updatedAt: row.updated_at,
  };
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error);
  throw new Agent33Error("store.bad_breaker", `Bad breaker: ${problems.join("; ")}.`, {
    hint: "Give its key; to force it, also who does it and why.",
    details: { problems },
    cause: parsed.error,
  });
}
