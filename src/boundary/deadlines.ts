import { type Clock, longestTimerMs } from "../base/clock.ts";
import { runOutside } from "./egress/guard.ts";

/** Something that is over at a certain time, unless it is taken off its list before. */
export abstract class Deadline {
  dueMs = 0;
  list: DeadlineList | undefined = undefined;
  before: Deadline | undefined = undefined;
  after: Deadline | undefined = undefined;

  /** It was not taken off in time, and is off now. */
  abstract expire(): void;
}

/**
 * Everything that has the same number of milliseconds to live, in the order in which it began and
 * so will end: one timer serves all of it, and going on and off costs no more than two links.
 */
export class DeadlineList {
  readonly ms: number;
  readonly #clock: Clock;
  readonly #once: boolean;
  #first: Deadline | undefined;
  #last: Deadline | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param once whether it is for one entry, after which no timer is to be left */
  constructor(clock: Clock, ms: number, once = false) {
    this.#clock = clock;
    this.#once = once;
    this.ms = ms;
  }

  /** @param nowMs the clock's monotonic time */
  add(entry: Deadline, nowMs: number): void {
    entry.dueMs = nowMs + this.ms;
    entry.list = this;
    entry.before = this.#last;
    if (this.#last === undefined) this.#first = entry;
    else this.#last.after = entry;
    this.#last = entry;
    if (entry.before !== undefined) return;
    // A timer that is left from before fires early, sees that nothing is due, and is set again.
    if (this.#timer === undefined) this.#arm(this.ms);
    else this.#timer.ref();
  }

  remove(entry: Deadline): void {
    const { before, after } = entry;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    entry.list = undefined;
    entry.before = undefined;
    entry.after = undefined;
    if (this.#first !== undefined) return;
    // Who waits for an answer keeps the process alive, an empty list does not.
    if (this.#once) clearTimeout(this.#timer);
    else this.#timer?.unref();
  }

  #arm(ms: number): void {
    const waitMs = Math.min(Math.max(1, Math.ceil(ms)), longestTimerMs);
    // The timer serves all calls and must not carry the rights of the one that happens to set it.
    this.#timer = runOutside(() => setTimeout(() => this.#expireDue(), waitMs));
  }

  #expireDue(): void {
    const nowMs = this.#clock.monotonic();
    this.#timer = undefined;
    for (let entry = this.#first; entry !== undefined; entry = this.#first) {
      if (entry.dueMs > nowMs) {
        this.#arm(entry.dueMs - nowMs);
        return;
      }
      this.remove(entry);
      entry.expire();
    }
  }
}

/** The lists of one boundary. */
export class Deadlines {
  readonly #clock: Clock;
  readonly #lists = new Map<number, DeadlineList>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The list of all that have this long; for the durations that connectors declare. */
  shared(ms: number): DeadlineList {
    const known = this.#lists.get(ms);
    if (known !== undefined) return known;
    const made = new DeadlineList(this.#clock, ms);
    this.#lists.set(ms, made);
    return made;
  }

  /** A list for one entry alone, whose time nobody else shares. */
  single(ms: number): DeadlineList {
    return new DeadlineList(this.#clock, ms, true);
  }
}
