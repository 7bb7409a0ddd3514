import { Agent33Error, isAgent33Error } from "../../base/errors.ts";
import { isJsonObject, type JsonObject } from "../../base/json.ts";
import { jsonIn } from "../damage.ts";
import { type Kind, pickOne, prefixRange, shownCandidates } from "../prefix.ts";
import { change, first, lock, type Program, read, select, write } from "../program.ts";
import { queries } from "../queries.ts";
import type { ApprovalsTable } from "../tables.ts";
import type { RepositoryContext } from "./context.ts";

export type ApprovalState = "pending" | "approved" | "denied" | "consumed" | "expired";

/** A question about one exact call, which its digest names. */
export interface NewApproval {
  readonly digest: string;
  readonly runId?: string;
  readonly summary: string;
  readonly ruleId: string;
  /** Milliseconds since the Unix epoch. */
  readonly requestedAt: number;
  readonly expiresAt: number;
  /** The call as facts that a rule can be made of. */
  readonly facts?: JsonObject;
}

export interface Approval {
  readonly id: string;
  readonly digest: string;
  readonly runId: string | null;
  readonly summary: string;
  readonly ruleId: string;
  readonly state: ApprovalState;
  readonly requestedAt: number;
  readonly expiresAt: number;
  readonly decidedBy: string | null;
  readonly decidedAt: number | null;
  /** Why, in the words of whoever decided. */
  readonly note: string | null;
  readonly consumedAt: number | null;
}

/** A question with the facts of its call, where whoever asked gave any. */
export interface ApprovalWithFacts extends Approval {
  readonly facts: JsonObject | null;
}

/** What a person says with a decision. */
export interface DecisionWords {
  /** Where the question wants more than a yes; forgotten when it is used. */
  readonly answer?: JsonObject | undefined;
  /** Why; it stays. */
  readonly note?: string | undefined;
}

export interface ApprovalAnswer {
  readonly state: ApprovalState;
  readonly answer: JsonObject | null;
}

const kind: Kind = {
  noun: "approval",
  unknownCode: "store.unknown_approval",
  listCommand: "agent33 approvals list",
};

type ApprovalRow = Omit<ApprovalsTable, "seq" | "tenant">;

const expire = `UPDATE approvals SET state = 'expired'
  WHERE tenant = ? AND state IN ('pending', 'approved') AND expires_at <= ?`;

/** Questions to a person. An answer holds for one call, once, until it expires. */
export function approvalsRepository({ tenant, clock, ids }: RepositoryContext) {
  /** With what is kept beside the facts of the call. */
  function* keep(id: string, facts: JsonObject): Program<void> {
    yield* change(
      "UPDATE approvals SET facts = ? WHERE tenant = ? AND id = ?",
      JSON.stringify(facts),
      tenant,
      id,
    );
  }
  const rowsOf = () => queries.selectFrom("approvals").selectAll().where("tenant", "=", tenant);
  function* loadRow(id: string): Program<ApprovalRow | undefined> {
    const [row] = yield* select(rowsOf().where("id", "=", id));
    return row;
  }
  function* load(id: string): Program<Approval | undefined> {
    const row = yield* loadRow(id);
    return row === undefined ? undefined : approvalOf(row);
  }
  /** Reads show what has run out since as expired, without writing. */
  const shown = (row: ApprovalRow): Approval => {
    const approval = approvalOf(row);
    const open = approval.state === "pending" || approval.state === "approved";
    return open && approval.expiresAt <= clock.now() ? { ...approval, state: "expired" } : approval;
  };
  return {
    /**
     * The question of this digest that is pending or answered and not used up or expired; made if
     * there is none. A no stands as long as the question would have: nobody is asked twice.
     */
    request: write(function* (
      request: NewApproval,
    ): Program<{ readonly id: string; readonly state: ApprovalState }> {
      yield* lock("approval", tenant, request.digest);
      yield* change(`${expire} AND digest = ?`, tenant, request.requestedAt, request.digest);
      const open = yield* first(
        `SELECT id, state FROM approvals
         WHERE tenant = ? AND digest = ? AND state IN ('approved', 'denied', 'pending')
           AND expires_at > ?
         ORDER BY CASE state WHEN 'approved' THEN 0 ELSE 1 END, seq LIMIT 1`,
        tenant,
        request.digest,
        request.requestedAt,
      );
      if (open !== undefined) {
        return { id: String(open["id"]), state: open["state"] as ApprovalState };
      }
      const id = ids();
      yield* change(
        `INSERT INTO approvals
           (tenant, id, digest, run_id, summary, rule_id, state, requested_at, expires_at, facts)
         VALUES (?, ?, ?, ?, ?, ?, 'pending', ?, ?, ?)`,
        tenant,
        id,
        request.digest,
        request.runId ?? null,
        request.summary,
        request.ruleId,
        request.requestedAt,
        request.expiresAt,
        request.facts === undefined ? null : JSON.stringify(request.facts),
      );
      return { id, state: "pending" };
    }),
    /**
     * Uses an approved question up if it is for this digest; words that a person answered with are
     * forgotten. Returns the state it found: only `approved` means that the call may go ahead.
     */
    consume: write(function* (
      id: string,
      digest: string,
      at: number,
    ): Program<ApprovalState | "unknown"> {
      yield* change(`${expire} AND id = ?`, tenant, at, id);
      const changes = yield* change(
        `UPDATE approvals SET state = 'consumed', consumed_at = ?
         WHERE tenant = ? AND id = ? AND digest = ? AND state = 'approved'`,
        at,
        tenant,
        id,
        digest,
      );
      if (changes === 1) {
        const row = yield* loadRow(id);
        if (row !== undefined && answerIn(row) !== null) yield* keep(id, withoutAnswer(row));
        return "approved";
      }
      const found = yield* load(id);
      return found === undefined || found.digest !== digest ? "unknown" : found.state;
    }),
    /** Forgets the words that people answered questions of a run with and that nobody used: it is over. */
    forgetAnswers: write(function* (runId: string): Program<void> {
      const rows = yield* select(rowsOf().where("run_id", "=", runId));
      for (const row of rows) {
        if (answerIn(row) !== null) yield* keep(row.id, withoutAnswer(row));
      }
    }),
    /** Makes a consumed approval usable again: the call was never sent. */
    restore: write(function* (id: string): Program<void> {
      yield* change(
        `UPDATE approvals SET state = 'approved', consumed_at = NULL
         WHERE tenant = ? AND id = ? AND state = 'consumed'`,
        tenant,
        id,
      );
    }),
    /**
     * A person's answer. The same answer twice is one: the words of the first stay.
     * @throws Agent33Error `store.unknown_approval`, `store.approval_decided`, `store.approval_expired`;
     *   `store.bad_row` where words cannot be kept
     */
    decide: write(function* (
      id: string,
      decision: "approved" | "denied",
      by: string,
      at: number,
      { answer, note }: DecisionWords = {},
    ): Program<Approval> {
      yield* lock("approval", tenant, id);
      const row = (yield* loadRow(id)) ?? pickOne<ApprovalRow>(id, [], kind);
      const found = approvalOf(row);
      if (found.state === decision) return found;
      if (found.state === "expired" || (found.state === "pending" && found.expiresAt <= at)) {
        throw expired(id);
      }
      if (found.state !== "pending") throw decided(found);
      yield* change(
        `UPDATE approvals SET state = ?, decided_by = ?, decided_at = ?
         WHERE tenant = ? AND id = ?`,
        decision,
        by,
        at,
        tenant,
        id,
      );
      if (answer !== undefined || note !== undefined) {
        const words = {
          ...(answer === undefined ? {} : { answer }),
          ...(note === undefined ? {} : { note }),
        };
        yield* keep(id, { ...storedFacts(row), ...words });
      }
      return { ...found, state: decision, decidedBy: by, decidedAt: at, note: note ?? null };
    }),
    /** What a question has come to, with the words that it was answered with while they are kept. */
    answerOf: read(function* (id: string): Program<ApprovalAnswer> {
      const row = (yield* loadRow(id)) ?? pickOne<ApprovalRow>(id, [], kind);
      return { state: shown(row).state, answer: answerIn(row) };
    }),
    /** @throws Agent33Error `store.unknown_approval`, `store.ambiguous_id`, `store.bad_row` */
    find: read(function* (prefix: string): Program<ApprovalWithFacts> {
      const { from, to } = prefixRange(prefix);
      const rows = yield* select(
        rowsOf()
          .where("id", ">=", from)
          .where("id", "<", to)
          .orderBy("id")
          .limit(shownCandidates + 1),
      );
      const row = pickOne(prefix, rows, kind);
      return { ...shown(row), facts: factsOf(row) };
    }),
    /** Oldest first. */
    list: read(function* (
      filter: { readonly state?: ApprovalState } = {},
    ): Program<readonly Approval[]> {
      const { state } = filter;
      // An open row may have run out since it was written: those count as expired.
      const stored: readonly ApprovalState[] =
        state === undefined
          ? []
          : state === "expired"
            ? ["expired", "pending", "approved"]
            : [state];
      const rows = yield* select(
        rowsOf()
          .$if(state !== undefined, (query) => query.where("state", "in", stored))
          .orderBy("seq"),
      );
      const approvals = rows.map(shown);
      return state === undefined ? approvals : approvals.filter((row) => row.state === state);
    }),
  };
}

function expired(id: string): Agent33Error {
  return new Agent33Error("store.approval_expired", `The time to answer approval ${id} is over.`, {
    hint: "Resume the run: it asks again if it still wants to make the call.",
    details: { id },
  });
}

function decided(approval: Approval): Agent33Error {
  const by = approval.decidedBy === null ? "" : ` by ${approval.decidedBy}`;
  return new Agent33Error(
    "store.approval_decided",
    `Approval ${approval.id} is ${approval.state} already${by}.`,
    { hint: "An answer cannot be changed.", details: { id: approval.id, state: approval.state } },
  );
}

/** The facts of the question; the answer that is kept beside them is nobody's to see but the asker's. */
function factsOf(row: ApprovalRow): JsonObject | null {
  if (storedFacts(row) === null) return null;
  const { note: _note, ...facts } = withoutAnswer(row);
  return facts;
}

function withoutAnswer(row: ApprovalRow): JsonObject {
  const { answer: _answer, ...kept } = storedFacts(row) ?? {};
  return kept;
}

/** Null too where what is kept cannot be read: the decision is shown all the same, and `find` tells of it. */
function noteIn(row: ApprovalRow): string | null {
  if (row.decided_by === null) return null;
  try {
    const note = storedFacts(row)?.["note"];
    return typeof note === "string" ? note : null;
  } catch (thrown) {
    if (isAgent33Error(thrown) && thrown.code === "store.bad_row") return null;
    throw thrown;
  }
}

function answerIn(row: ApprovalRow): JsonObject | null {
  const answer = storedFacts(row)?.["answer"];
  return isJsonObject(answer) ? answer : null;
}

function storedFacts({ id, facts }: ApprovalRow): JsonObject | null {
  return facts === null ? null : (jsonIn("approvals", id, facts) as JsonObject);
}

function approvalOf(row: ApprovalRow): Approval {
  return {
    id: row.id,
    digest: row.digest,
    runId: row.run_id,
    summary: row.summary,
    ruleId: row.rule_id,
    state: row.state,
    requestedAt: row.requested_at,
    expiresAt: row.expires_at,
    decidedBy: row.decided_by,
    decidedAt: row.decided_at,
    note: noteIn(row),
    consumedAt: row.consumed_at,
  };
}
