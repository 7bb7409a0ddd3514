import { z } from "zod";
import { Agent33Error } from "../../base/errors.ts";
import { problemsOf } from "../../learning/problems.ts";
import { storableText } from "../../learning/text.ts";
import { change, first, lock, type Program, read, write } from "../program.ts";
import type { RepositoryContext } from "./context.ts";

/** One call's use of one limit. */
export interface LimitUse {
  readonly ruleId: string;
  /** What the limit is counted for, in the words of whoever counts: a run, a person, the tenant. */
  readonly scope: string;
  readonly callId: string;
}

export interface NewLimitUse extends LimitUse {
  /** When the call began. Milliseconds since the Unix epoch. */
  readonly at: number;
  /** What the call adds to a sum; 0 or more. Default 0. */
  readonly amount?: number;
}

/** At most so many calls, or at most such a sum of their amounts, since a time. */
export interface LimitCheck {
  readonly quantity: "calls" | "amount";
  readonly most: number;
  /** Calls that began before are not counted. */
  readonly since: number;
}

/** Calls that used a limit or hold of it while they are in flight. */
export interface LimitUsage {
  readonly calls: number;
  readonly amount: number;
  /** How many of the calls are in flight, or were when their process died. */
  readonly held: number;
}

/** Whether the call may go ahead as far as the limit goes; if not, what is used of it. */
export type LimitHold =
  | { readonly granted: true }
  | { readonly granted: false; readonly used: number; readonly most: number };

const amountSchema = z.number().min(0);
const useSchema = z.strictObject({
  ruleId: storableText(1, 1000),
  scope: storableText(1, 1000),
  callId: storableText(1, 1000),
  at: z.int().min(0),
  amount: amountSchema.default(0),
});

const usageText = `SELECT count(*) AS calls, COALESCE(sum(amount), 0) AS amount,
    COALESCE(sum(CASE state WHEN 'held' THEN 1 ELSE 0 END), 0) AS held
  FROM limit_uses WHERE tenant = ? AND rule_id = ? AND scope = ? AND at >= ?`;
const oneUse = "tenant = ? AND rule_id = ? AND scope = ? AND call_id = ?";

/**
 * What calls use of the policy's limits. A call holds its part before it is sent and counts from
 * then on, so that calls at once cannot pass a limit together; it uses it up, or gives it back if
 * it was never sent. What a process that died held stays counted: nobody knows whether it was sent.
 */
export function limitUsesRepository({ tenant }: RepositoryContext) {
  function* load(ruleId: string, scope: string, since: number): Program<LimitUsage> {
    const row = yield* first(usageText, tenant, ruleId, scope, since);
    return {
      calls: Number(row?.["calls"] ?? 0),
      amount: Number(row?.["amount"] ?? 0),
      held: Number(row?.["held"] ?? 0),
    };
  }

  return {
    /**
     * Takes a call's part of a limit if it fits, in one step: whatever is held at the same time,
     * the limit is not passed. A call that has its part already keeps it.
     * @throws Agent33Error `store.bad_limit_use`
     */
    hold: write(function* (use: NewLimitUse, limit: LimitCheck): Program<LimitHold> {
      const { ruleId, scope, callId, at, amount } = parse(useSchema, use);
      yield* lock("limit", tenant, ruleId, scope);
      const known = yield* first(
        `SELECT 1 AS known FROM limit_uses WHERE ${oneUse}`,
        tenant,
        ruleId,
        scope,
        callId,
      );
      if (known !== undefined) return { granted: true };
      const usage = yield* load(ruleId, scope, limit.since);
      const used = usage[limit.quantity];
      const more = limit.quantity === "calls" ? 1 : amount;
      // Written so that a limit that is no number lets nothing pass.
      if (!(used + more <= limit.most)) return { granted: false, used, most: limit.most };
      yield* change(
        `INSERT INTO limit_uses (tenant, rule_id, scope, call_id, state, at, amount)
         VALUES (?, ?, ?, ?, 'held', ?, ?)`,
        tenant,
        ruleId,
        scope,
        callId,
        at,
        amount,
      );
      return { granted: true };
    }),
    /**
     * The call was sent: what it held is used up.
     * @param amount what it was in the end, where that is known better
     * @throws Agent33Error `store.bad_limit_use`
     */
    use: write(function* (use: LimitUse, amount?: number): Program<void> {
      yield* change(
        `UPDATE limit_uses SET state = 'used', amount = COALESCE(?, amount)
         WHERE ${oneUse} AND state = 'held'`,
        amount === undefined ? null : parse(amountSchema, amount),
        ...wordsOf(use),
      );
    }),
    /** The call was never sent: what it held is free again. What is used up stays. */
    release: write(function* (use: LimitUse): Program<void> {
      yield* change(`DELETE FROM limit_uses WHERE ${oneUse} AND state = 'held'`, ...wordsOf(use));
    }),
    /** What calls that began at `since` or later use of a limit. */
    usage: read(function* (ruleId: string, scope: string, since: number): Program<LimitUsage> {
      return yield* load(ruleId, scope, since);
    }),
    /** Forgets calls that began before a time, which no window reaches back to. Returns how many. */
    prune: write(function* (before: number): Program<number> {
      return yield* change("DELETE FROM limit_uses WHERE tenant = ? AND at < ?", tenant, before);
    }),
  };

  function wordsOf({ ruleId, scope, callId }: LimitUse): readonly string[] {
    return [tenant, ruleId, scope, callId];
  }
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error);
  throw new Agent33Error("store.bad_limit_use", `Bad use of a limit: ${problems.join("; ")}.`, {
    hint: "Give the rule, its scope, the call, when it began, and an amount from 0.",
    details: { problems },
    cause: parsed.error,
  });
}
