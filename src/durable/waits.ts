import type { Mail } from "./contract.ts";
import { takeMail, unreadTopics } from "./mailbox.ts";
import type { SqlSession } from "./ports.ts";
import { finishStep } from "./step-rows.ts";

/** A step that waits for a message, for a time, or for whichever comes first. */
interface Wait {
  readonly position: number;
  /** Null for a sleep. */
  readonly topic: string | null;
  /** Milliseconds since the Unix epoch; null: no limit. */
  readonly deadline: number | null;
  /** Hands the message out; null is the deadline. */
  readonly deliver: (mail: Mail | null) => void;
}

/** A wait that is over, and recorded so. */
export interface WaitEnd {
  readonly wait: Wait;
  readonly mail: Mail | null;
}

/** The steps of a run that wait, in the order in which they were taken. */
export interface Waits {
  readonly size: number;
  add(wait: Wait): void;
  remove(position: number): void;
  /** Whether any has a message or is due. Writes nothing. */
  isAnyOver(sql: SqlSession, runId: string, now: number): boolean;
  /** Ends what has a message or is due, recording it. Part of the caller's transaction. */
  settle(sql: SqlSession, runId: string, nextOrder: () => number, now: number): readonly WaitEnd[];
  /** The earliest deadline; null where there is none. */
  wakeAt(): number | null;
}

export function createWaits(): Waits {
  const waits = new Map<number, Wait>();
  return {
    get size() {
      return waits.size;
    },
    add: (wait) => {
      waits.set(wait.position, wait);
    },
    remove: (position) => {
      waits.delete(position);
    },
    isAnyOver: (sql, runId, now) => {
      const unread = unreadTopics(sql, runId);
      return [...waits.values()].some(
        ({ topic, deadline }) =>
          (topic !== null && unread.has(topic)) || (deadline !== null && deadline <= now),
      );
    },
    settle: (sql, runId, nextOrder, now) => {
      const ends: WaitEnd[] = [];
      for (const wait of [...waits.values()].sort((one, other) => one.position - other.position)) {
        const mail = wait.topic === null ? null : takeMail(sql, runId, wait.topic, wait.position);
        // A message that is there counts even if the time is over as well.
        if (mail === null && (wait.deadline === null || wait.deadline > now)) continue;
        const result = JSON.stringify(mail);
        finishStep(
          sql,
          runId,
          wait.position,
          { state: "completed", result, order: nextOrder() },
          now,
        );
        ends.push({ wait, mail });
      }
      return ends;
    },
    wakeAt: () => {
      const deadlines = [...waits.values()].flatMap(({ deadline }) => deadline ?? []);
      return deadlines.length === 0 ? null : Math.min(...deadlines);
    },
  };
}
