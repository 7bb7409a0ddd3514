import type { JsonObject, JsonValue } from "../base/json.ts";
import type { Effect, Effort, InjectionLevel, Repeat } from "../base/effect.ts";
import type { Principal } from "../base/principal.ts";
import type { BoundaryError } from "./errors.ts";
import type { EgressConnect, EgressFetch, SpawnProcess } from "./hands.ts";

/**
 * What a connector says about one call before it is made. Policy sees this and nothing else, so
 * a connector states facts here instead of anybody branching on connector names.
 */
export interface CallFacts {
  /** The protocol's own word: `chat`, `tools/call`, `session/open`, `http.get`. */
  readonly operation: string;
  readonly effect: Effect;
  readonly repeat: Repeat;
  readonly tool?: string;
  /** SHA-256 of the tool's definition as it was when it was listed. */
  readonly toolDigest?: string;
  /** Of a call of a model, `provider:model`: for the record of what it cost. No policy looks at it. */
  readonly model?: string;
  readonly host?: string;
  readonly port?: number;
  /**
   * Whether the host is known to be off the public internet. Policy sees by itself what a literal
   * address or `localhost` is; this is for connectors that know it of a name.
   */
  readonly privateAddress?: boolean;
  /** What the host resolved to. Connectors leave it out: the boundary asks again when it knows. */
  readonly address?: string;
  /** What the run's agent has read by now that looks as if it gave models orders. */
  readonly injection?: InjectionLevel;
  /** What the tool's own definition has in it that looks as if it gave models orders. */
  readonly toolInjection?: InjectionLevel;
  /**
   * Must not be changed once the call is made: of a read, the audit takes the digest when it
   * writes its batch.
   */
  readonly args?: JsonObject;
}

/** What a call uses up. Money in integer micro-USD; `undefined` money means unpriced, never 0. */
export interface Spend {
  readonly costMicroUsd?: number;
  readonly tokens?: number;
  /** In an upper bound: it costs money, and nobody knows how much. */
  readonly unpriced?: true;
}

/** What of a spend can be counted. */
export type SpendAmount = Exclude<keyof Spend, "unpriced">;

/** What a handler gets for one attempt. */
export interface CallContext<I, C = never> {
  readonly input: I;
  /** The call as policy has let it through. */
  readonly facts: CallFacts;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** The same for every attempt and for a resumed run; goes to the other side where it can. */
  readonly idempotencyKey: string;
  /** Aborts at the attempt's deadline and when the caller cancels. Made when first read. */
  readonly signal: AbortSignal;
  /** The only way to HTTP. */
  readonly fetch: EgressFetch;
  /** The only way to anything that is not HTTP. */
  readonly connect: EgressConnect;
  /** The only way to a child process. */
  readonly spawn: SpawnProcess;
  /** Hands a piece of a streamed answer to the caller. After the first one nothing is retried. */
  emit(chunk: C): void;
  /**
   * Resolves when the caller has room for another piece. A handler that can hold its source back
   * waits for it between pieces, and the limit between two pieces does not run meanwhile; what is
   * emitted without waiting is kept for the caller.
   */
  room(): Promise<void>;
}

/** Time limits of one connector, in milliseconds. */
export interface ConnectorTimeouts {
  /** One attempt of a call that does not stream. */
  readonly attemptMs: number;
  /** The whole call with its retries and waits. */
  readonly totalMs: number;
  /** Streams: until the first chunk. Default: `attemptMs`. */
  readonly firstChunkMs?: number;
  /** Streams: between two chunks. Default: `attemptMs`. */
  readonly idleMs?: number;
}

/** Everything that the boundary needs to know about one kind of outside system. */
export interface ConnectorSpec<I, O, C = never> {
  /** `<surface>:<name>`, for example `model:anthropic` or `mcp:filesystem`. */
  readonly id: string;
  facts(input: I): CallFacts;
  /** Does the work once. Whatever it throws goes through `mapError`. */
  run(context: CallContext<I, C>): Promise<O>;
  /** Foreign error to typed error; each library's errors are mapped in the room that owns it. */
  mapError?(error: unknown): BoundaryError | undefined;
  /** Upper bound of what the call can use; reserved before it is sent. */
  estimate?(input: I): Spend;
  /** What it really used. */
  measure?(output: O, input: I): Spend;
  /** Whether an answer says that the work was done. Default: every answer does. */
  succeeded?(output: O): boolean;
  /** Refuses an answer that breaks the connector's contract by throwing `boundary.invalid_response`. */
  check?(output: O): void;
  /**
   * Calls that stand and fall together share a breaker: those to one host of one class. Default:
   * `stream` for a call whose caller takes chunks, else `read` or `write` by its effect.
   */
  operationClass?(facts: CallFacts): string;
  readonly timeouts?: Partial<ConnectorTimeouts>;
  /** Attempts in all, the first included. Default 3; calls that may not repeat get 1. */
  readonly maxAttempts?: number;
  /**
   * Calls in flight at once, of all tenants; those who ask at the same time share. Default 64. Specs
   * of one id that state the same limits share them.
   */
  readonly maxConcurrent?: number;
  /** Calls in flight at once of one tenant. Default: all but an eighth of {@link maxConcurrent}. */
  readonly maxConcurrentPerTenant?: number;
  /**
   * Calls a second on average of all tenants, with bursts of as many; those who ask at the same
   * time share. Default: no limit.
   */
  readonly ratePerSecond?: number;
}

export interface CallOptions<C = never> {
  readonly principal: Principal;
  readonly runId?: string;
  /** Names the logical call within the run: the same after a crash. Default: a new id. */
  readonly logicalCallId?: string;
  readonly signal?: AbortSignal;
  /** The policy that decides about this call. Default: the boundary's own. */
  readonly policy?: PolicyDecider;
  /** Shortens the connector's total time limit for this call. */
  readonly totalMs?: number;
  /** How hard it was decided to think about it; for the record. */
  readonly tier?: Effort;
  /** Budgets that this call is charged to, by the ids given to {@link BudgetLedger}. */
  readonly budgets?: readonly string[];
  /** An approval that a person gave for exactly this call. */
  readonly approvalId?: string;
  readonly onChunk?: (chunk: C) => void;
  /** When {@link onChunk} can be given more; undefined is at once. Default: always. */
  readonly room?: () => Promise<void> | undefined;
}

export type DecisionEffect = "allow" | "ask" | "deny";

/** A rule whose condition could not be worked out for a call. */
export interface FailedCondition {
  readonly ruleId: string;
  /** Why, in the words of the condition: nothing of the call's arguments is in it. */
  readonly problem: string;
}

/** What a rule in shadow would have said. */
export interface ShadowEffect {
  readonly ruleId: string;
  readonly effect: DecisionEffect;
}

/** A count that a rule lets calls reach. */
export interface SessionLimit {
  readonly per: "run" | "user" | "tenant" | "agent";
  readonly quantity: "calls" | "amount";
  readonly most: number;
  /** Calls that began longer ago do not count. Absent: all count. */
  readonly windowMs?: number;
  /** What this call adds to an amount: so much, or what it is estimated and then found to use. */
  readonly adds: number | SpendAmount;
}

/** A rule that holds only beyond a count, or only until another call has succeeded in the run. */
export interface SessionRule {
  readonly ruleId: string;
  readonly effect: DecisionEffect;
  readonly mode: "enforce" | "shadow" | "dry-run";
  readonly reason: string;
  readonly approvalTtlMs?: number;
  /** Absent: the rule holds until a call that it waits for has succeeded. */
  readonly limit?: SessionLimit;
}

/** What policy said about a call, and why. */
export interface Decision {
  readonly effect: DecisionEffect;
  /**
   * `<pack>/<rule>`; `<pack>/default` where no rule matched; `egress/private-address` or
   * `egress/metadata-address` where none of those that matched opens such an address.
   */
  readonly ruleId: string;
  /** Every rule that matched, in order. */
  readonly matched: readonly string[];
  /** The person-readable reason that the rule carries. */
  readonly reason?: string;
  /** Digest of the compiled policy that decided. */
  readonly policyVersion: string;
  /** For an ask: how long the question stays open, where the rule says so. Milliseconds. */
  readonly approvalTtlMs?: number;
  /** Deny and ask rules among them count as matched, allow rules do not. */
  readonly failedConditions?: readonly FailedCondition[];
  /** What rules in shadow say; nothing of it is applied. */
  readonly shadow?: readonly ShadowEffect[];
  /** The rule because of which the call is not sent, and nobody asked, although it is not denied. */
  readonly dryRun?: string;
  /** Rules that depend on calls before this one: the chain finds out whether they hold. */
  readonly session?: readonly SessionRule[];
  /** Rules that wait for a call like this one, and hold no longer when it succeeds. */
  readonly awaitedBy?: readonly string[];
}

/** Decides about calls; swapped as a whole when the policy changes. */
export interface PolicyDecider {
  readonly version: string;
  /**
   * Whether calls that differ in nothing but their arguments get the same decision, always. Then
   * a decision may be used again; where it is not said to be so, every call is decided about.
   */
  readonly ignoresArguments?: boolean;
  decide(facts: CallFacts, connector: string, principal: Principal): Decision;
}

export interface AttemptRecord {
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** `ok` or an error code. */
  readonly outcome: string;
}

/** One row a call, denied ones too. */
export interface CallRecord {
  readonly callId: string;
  readonly runId?: string;
  readonly logicalCallId: string;
  readonly at: number;
  readonly principal: Principal;
  readonly connector: string;
  readonly operation: string;
  readonly effect: Effect;
  readonly repeat: Repeat;
  readonly tool?: string;
  readonly toolDigest?: string;
  readonly model?: string;
  readonly host?: string;
  readonly port?: number;
  readonly injection?: InjectionLevel;
  readonly toolInjection?: InjectionLevel;
  readonly argsDigest?: string;
  readonly decision: Decision;
  readonly approvalId?: string;
  readonly idempotencyKey?: string;
  readonly attempts: readonly AttemptRecord[];
  /** Addresses and ports that requests of the call really went out to, each once. */
  readonly connectedTo?: readonly string[];
  readonly durationMs: number;
  readonly spend?: Spend;
  /** Of a call that a run made for its work: the tier of effort. */
  readonly tier?: Effort;
  /** `ok` or the error's code. */
  readonly outcome: string;
  readonly error?: JsonValue;
}

/** A call's result or its typed error, and the record of what happened. */
export type CallOutcome<O> =
  | { readonly ok: true; readonly value: O; readonly record: CallRecord }
  | { readonly ok: false; readonly error: BoundaryError; readonly record: CallRecord };

/** A call that is read piece by piece, once. */
export interface CallStream<O, C> extends AsyncIterable<C> {
  /** How it ended; never rejects. Begins the call, whose pieces must be read for it to end. */
  readonly outcome: Promise<CallOutcome<O>>;
}
