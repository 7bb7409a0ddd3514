import type { Handler, Ask, Settings } from "./workload.ts";

/** What a chain can do for a call; the words of the footnotes. */
export const features = {
  retry: "retries what may be retried",
  timeout: "a time limit for each attempt",
  breaker: "a circuit breaker",
  cancel: "an abort signal for the handler",
  totalTime: "a time limit for the whole call",
  bulkhead: "a limit on calls in flight",
  retryAfter: "Retry-After as a floor of the wait, and a budget of retries",
  policy: "a policy decision",
  budget: "a budget reserved before and settled after",
  audit: "a record of the call",
  key: "a key committed before a write is sent",
  guard: "the egress guard around the handler",
  file: "records in a database file when the call returns",
} as const;
export type Feature = keyof typeof features;

/** What a chain has written down, for the checks. */
export interface Seen {
  records(): Promise<number>;
  /** Keys ever reserved. */
  keys(): number;
  budgetCalls(): number;
}

export interface Chain {
  /** @throws whatever the chain says of a failed or refused call */
  call(input: Ask): Promise<unknown>;
  readonly seen?: Seen;
  close?(): void;
}

/** One way of putting a handler behind a chain. */
export interface Contender {
  readonly name: string;
  readonly does: readonly Feature[];
  build(handler: Handler, settings: Settings): Chain;
  /** What its process does before it is measured. */
  before?(): Promise<void>;
}
