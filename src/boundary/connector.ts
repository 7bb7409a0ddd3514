import type { AnswerSoFar } from "./ask.ts";
import type { BreakerSnapshot } from "./breaker.ts";
import type { BoundaryCode } from "./errors.ts";
import type { BudgetLeft } from "./ports.ts";
import type { SessionStanding } from "./session-look.ts";
import type { StandingLook } from "./standing-budgets.ts";
import type { CallOptions, CallOutcome, CallStream, Decision, Spend } from "./types.ts";

/** The call that is asked about. */
export interface ExplainOptions
  extends Pick<
    CallOptions,
    "principal" | "budgets" | "policy" | "runId" | "logicalCallId" | "totalMs"
  > {
  /** Whether it would be read as a stream, which has breakers of its own. */
  readonly streams?: boolean;
}

/** What would become of a call if it were made now. */
export interface Explanation {
  /** The first that would stop it; undefined where it would be sent. */
  readonly stoppedBy: BoundaryCode | undefined;
  /** With the rules that depend on earlier calls weighed: those that hold have matched. */
  readonly decision: Decision;
  /** How each rule stands that depends on earlier calls. */
  readonly session: readonly SessionStanding[];
  /** What a person has said; absent where nobody would be asked. */
  readonly approval?: AnswerSoFar;
  readonly breaker: {
    readonly key: string;
    /** Milliseconds until a call may be tried. */
    readonly waitMs: number;
    /** Undefined where no call has come this way yet. */
    readonly seen: BreakerSnapshot | undefined;
  };
  readonly limits: {
    /** How many more calls this tenant could have in flight. */
    readonly placesLeft: number;
    /** Milliseconds until the rate limits admit a call. */
    readonly rateWaitMs: number;
    /** Retries that the connector has saved up, all calls together. */
    readonly retriesLeft: number;
  };
  /** The upper bound that would be set aside in each budget. */
  readonly estimate: Spend;
  readonly budgets: readonly {
    readonly budget: string;
    /** Undefined where nobody opened it, or where the ledger does not tell. */
    readonly left: BudgetLeft | undefined;
  }[];
  /** Budgets over runs and processes that count the call. */
  readonly standing: readonly StandingLook[];
}

/** A connector behind the chain. The chain is compiled once, when the connector is registered. */
export interface Connector<I, O, C = never> {
  readonly id: string;
  /** @throws BoundaryError */
  call(input: I, options: CallOptions<C>): Promise<O>;
  /** Never throws: failure is data. */
  tryCall(input: I, options: CallOptions<C>): Promise<CallOutcome<O>>;
  /**
   * The call as pieces of its answer, which begins when it is first read. The loop throws what
   * `call` would throw, after the pieces that came before; leaving it cancels the call and waits
   * for its end. The limits of `ConnectorTimeouts` hold, and nothing is tried again once a piece
   * has come.
   *
   * A reader that is slow holds the handler back, if that waits for `context.room()`: then no more
   * than 16 pieces are kept. Not while the reader waits, but until it reads on, the call goes
   * on, and its total time runs.
   */
  stream(input: I, options: CallOptions<C>): CallStream<O, C>;
  /** What would become of the call now; nothing is called, asked or taken. */
  explain(input: I, options: ExplainOptions): Explanation;
}
