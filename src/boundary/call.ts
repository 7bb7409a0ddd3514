import type { Principal } from "../base/principal.ts";
import type { AttemptParts } from "./attempt.ts";
import { CallIdentity } from "./call-identity.ts";
import type { Compiled } from "./compiled.ts";
import type { BudgetLedger, TenantRecords } from "./ports.ts";
import type { CallFacts, CallOptions, Decision, PolicyDecider } from "./types.ts";

const undecided: Decision = { effect: "deny", ruleId: "none", matched: [], policyVersion: "none" };
const noFacts: CallFacts = { operation: "unknown", effect: "unknown", repeat: "once" };

/** What a call is, whatever becomes of it: who asks for what, and what was decided about it. */
export class Call<I, O, C> {
  readonly input: I;
  readonly options: CallOptions<C>;
  /** One for the whole call, so that a swap cannot fall between two of its decisions. */
  readonly policy: PolicyDecider;
  /** By the monotonic clock. */
  readonly startedMs: number;
  facts: CallFacts = noFacts;
  decision: Decision = undecided;
  protected readonly compiled: Compiled<I, O, C>;
  #identity: CallIdentity | undefined = undefined;

  constructor(compiled: Compiled<I, O, C>, input: I, options: CallOptions<C>) {
    const { parts } = compiled;
    this.compiled = compiled;
    this.input = input;
    this.options = options;
    this.policy = options.policy ?? parts.policy();
    this.startedMs = parts.clock.monotonic();
  }

  /** The call in words, for messages. */
  get name(): string {
    const { operation, tool } = this.facts;
    return tool === undefined
      ? `${this.connector} ${operation}`
      : `${this.connector} ${operation} ${tool}`;
  }

  get connector(): string {
    return this.compiled.spec.id;
  }

  get principal(): Principal {
    return this.options.principal;
  }

  get policyVersion(): string {
    return this.policy.version;
  }

  /** Whether the caller takes the answer in parts. */
  get streams(): boolean {
    return this.options.onChunk !== undefined;
  }

  /** When the call's total time is up, by the monotonic clock. */
  get deadlineAt(): number {
    const { totalMs } = this.compiled;
    return this.startedMs + Math.min(totalMs, this.options.totalMs ?? totalMs);
  }

  get attempts(): AttemptParts {
    return this.compiled.attempts;
  }

  get budgets(): BudgetLedger {
    return this.compiled.parts.budgets;
  }

  get records(): TenantRecords {
    return this.compiled.parts.records(this.options.principal.tenant);
  }

  get idempotencyKey(): string {
    return this.identity().idempotencyKey;
  }

  protected identity(): CallIdentity {
    const { clock, ids } = this.compiled.parts;
    this.#identity ??= new CallIdentity(this, clock, ids);
    return this.#identity;
  }
}
