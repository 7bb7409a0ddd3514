import type { Clock } from "../base/clock.ts";
import { digestOf } from "../base/digest.ts";
import type { JsonValue } from "../base/json.ts";
import type { Activity, Commit, Mail, Mailbox, WorkflowContext } from "./contract.ts";
import type { DeliveryQueue } from "./delivery.ts";
import { nondeterministic, outcomeUnhandled } from "./errors.ts";
import { failureData, failureFrom } from "./failure.ts";
import type { Hold } from "./hold.ts";
import { sentMail, takeMail, unreadTopics } from "./mailbox.ts";
import type { SqlSession } from "./ports.ts";
import {
  finishStep,
  insertEndedStep,
  insertStep,
  type Step,
  type StepEnd,
  type StepRow,
} from "./step-rows.ts";
import type { Waits } from "./waits.ts";

export interface ContextParts {
  readonly hold: Hold;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** What the journal held when the run was claimed, by position. */
  readonly journal: ReadonlyMap<number, StepRow>;
  readonly queue: DeliveryQueue;
  readonly waits: Waits;
  /** Bodies in flight. */
  readonly bodies: Set<Promise<void>>;
}

/** A workflow's hands, and how many steps it has taken. */
export interface RunContext {
  readonly workflow: WorkflowContext;
  stepsTaken(): number;
}

/** A body's end before it is recorded. */
type BodyEnd<O extends JsonValue> =
  | { readonly ok: true; readonly commit: Commit<O> }
  | { readonly ok: false; readonly failure: JsonValue };

type RecordEnd = (sql: SqlSession, end: StepEnd, now: number) => void;

/** What a workflow awaits after its run was let go of: nothing happens to it any more. */
function never<T>(): Promise<T> {
  return new Promise<T>(() => {});
}

export function createContext(parts: ContextParts): RunContext {
  const { hold, clock, signal, journal, queue, waits, bodies } = parts;
  const { runId } = hold.lease;
  let taken = 0;

  /** The next position, with its row where it was taken before; undefined: the run is let go of. */
  const take = (step: Omit<Step, "position">): { position: number; row?: StepRow } | undefined => {
    if (!hold.live) return undefined;
    const position = taken;
    taken += 1;
    const row = journal.get(position);
    if (row === undefined) return { position };
    const why = difference(row, step);
    if (why === undefined) return { position, row };
    hold.end({ kind: "fault", error: nondeterministic(runId, position, why) });
    return undefined;
  };

  const replay = <O>(position: number, row: StepRow): Promise<O> =>
    new Promise((resolve, reject) => {
      queue.expect(position, () => {
        const result = JSON.parse(row.result ?? "null") as JsonValue;
        if (row.state === "failed") reject(failureFrom(result));
        else resolve(result as O);
      });
    });

  /** Runs a body and records its end with what it commits. */
  const perform = <O extends JsonValue>(
    record: RecordEnd,
    produce: () => Promise<Commit<O>>,
  ): Promise<O> =>
    new Promise((resolve, reject) => {
      const body = (async () => {
        const end = await bodyEnd(produce);
        // A body stopped by our letting go did not fail: it is run again, or said to be unknown.
        if (!end.ok && !hold.live) return;
        await hold.writePatiently(
          (sql) => {
            const result =
              JSON.stringify(end.ok ? end.commit(mailboxOf(sql, runId)) : end.failure) ?? "null";
            const state = end.ok ? "completed" : "failed";
            record(sql, { state, result, order: hold.nextOrder() }, clock.now());
            return result;
          },
          (text) => {
            const result = JSON.parse(text) as JsonValue;
            queue.push(() => (end.ok ? resolve(result as O) : reject(failureFrom(result))));
          },
        );
      })();
      bodies.add(body);
      void body.finally(() => {
        bodies.delete(body);
        queue.kick();
      });
    });

  /** Writes before a step begins; counts as in flight while a busy store makes it wait. */
  const written = async <T>(
    work: (sql: SqlSession) => T,
    onDone?: (value: T) => void,
  ): Promise<boolean> => {
    const writing = hold.writePatiently(work, onDone);
    const flight = writing.then(() => undefined);
    bodies.add(flight);
    try {
      return (await writing) && hold.live;
    } finally {
      bodies.delete(flight);
    }
  };

  const call = async <I extends JsonValue, O extends JsonValue>(
    activity: Activity<I, O>,
    input: I,
  ): Promise<O> => {
    const step = { kind: "call", name: activity.name, inputDigest: digestOf(input) } as const;
    const here = take(step);
    if (here === undefined) return never();
    const { position, row } = here;
    if (row !== undefined && row.state !== "started") return replay(position, row);
    const leave = (error: unknown): unknown => {
      hold.end({ kind: "fault", error });
      return error;
    };
    const context = { runId, key: `${runId}/${position}`, signal, leave };
    const repeat = activity.repeat?.(input) ?? "safe";
    const finish: RecordEnd = (sql, end, now) => finishStep(sql, runId, position, end, now);
    // What was declared when the body started counts as much as what is declared now.
    if (row !== undefined && (repeat === "once" || row.repeat === "once")) {
      return perform(finish, async () => {
        const commit = activity.outcomeUnknown?.(input, context);
        if (commit === undefined) throw outcomeUnhandled(activity.name);
        return commit;
      });
    }
    const produce = () => activity.run(input, context);
    if (row !== undefined) return perform(finish, produce);
    if (repeat === "safe") {
      // Whether it had begun makes no difference: without an end it runs again either way.
      const begun = { ...step, position, startedAt: clock.now() };
      return perform((sql, end, now) => insertEndedStep(sql, runId, begun, end, now), produce);
    }
    const mark = await written((sql) =>
      insertStep(sql, runId, { ...step, position, repeat }, clock.now()),
    );
    return mark ? perform(finish, produce) : never();
  };

  const pause = async (topic: string | null, ms: number): Promise<Mail | null> => {
    const kind = topic === null ? "sleep" : "wait";
    const step = { kind, name: topic ?? "", inputDigest: null } as const;
    const here = take(step);
    if (here === undefined) return never();
    const { position, row } = here;
    if (row !== undefined && row.state !== "started") return replay(position, row);
    const deadline = row === undefined ? deadlineAfter(clock.now(), ms) : row.deadline;
    if (row === undefined) {
      const mark = await written((sql) =>
        insertStep(sql, runId, { ...step, position, deadline }, clock.now()),
      );
      if (!mark) return never();
    }
    return new Promise((resolve) => {
      waits.add({ position, topic, deadline, deliver: resolve });
      queue.kick();
    });
  };

  const poll = async (topic: string): Promise<Mail | null> => {
    const step = { kind: "poll", name: topic, inputDigest: null } as const;
    const here = take(step);
    if (here === undefined) return never();
    const { position, row } = here;
    if (row !== undefined) return replay(position, row);
    return new Promise((resolve) => {
      void written(
        (sql) => {
          insertStep(sql, runId, { ...step, position }, clock.now());
          const mail = takeMail(sql, runId, topic, position);
          const result = JSON.stringify(mail);
          const order = hold.nextOrder();
          finishStep(sql, runId, position, { state: "completed", result, order }, clock.now());
          return mail;
        },
        (mail) => queue.push(() => resolve(mail)),
      );
    });
  };

  return {
    workflow: {
      runId,
      signal,
      call: (activity, input) => unnoticed(call(activity, input)),
      wait: (topic, timeoutMs) => pause(topic, timeoutMs),
      poll,
      sleep: async (ms) => {
        await pause(null, ms);
      },
    },
    stepsTaken: () => taken,
  };
}

function mailboxOf(sql: SqlSession, runId: string): Mailbox {
  let unread: ReadonlySet<string> | undefined;
  return {
    has: (topic) => (unread ??= unreadTopics(sql, runId)).has(topic),
    sent: (topic) => sentMail(sql, runId, topic),
  };
}

/**
 * The same promise, whose rejection may go unnoticed: a workflow that awaits it still sees the
 * failure, and a branch that nobody waits for does not end the process.
 */
function unnoticed<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

async function bodyEnd<O extends JsonValue>(
  produce: () => Promise<Commit<O>>,
): Promise<BodyEnd<O>> {
  try {
    return { ok: true, commit: await produce() };
  } catch (error) {
    return { ok: false, failure: failureData(error) };
  }
}

function difference(row: StepRow, step: Omit<Step, "position">): string | undefined {
  if (row.kind !== step.kind || row.name !== step.name) {
    return `${row.kind} "${row.name}" then, ${step.kind} "${step.name}" now`;
  }
  return row.inputDigest === step.inputDigest
    ? undefined
    : `the input of "${row.name}" is not the one it had`;
}

function deadlineAfter(now: number, ms: number): number | null {
  return Number.isFinite(ms) ? Math.ceil(now + Math.max(0, ms)) : null;
}
