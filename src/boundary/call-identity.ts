import type { Clock } from "../base/clock.ts";
import { digestOf } from "../base/digest.ts";
import { messageOf } from "../base/errors.ts";
import type { IdSource } from "../base/ids.ts";
import { approvalDigestOf, idempotencyKeyOf } from "./identity.ts";
import type { CallFacts, CallOptions } from "./types.ts";

/** What a call's names and digests are made of. */
export interface CallSubject {
  readonly connector: string;
  readonly facts: CallFacts;
  readonly options: Pick<CallOptions, "principal" | "runId" | "logicalCallId">;
  readonly policyVersion: string;
  /** When it began, by the monotonic clock. */
  readonly startedMs: number;
}

/**
 * A call's id, time, key and digests, each worked out when it is first asked for: an allowed read
 * needs none of them before its record is written.
 */
export class CallIdentity {
  readonly #of: CallSubject;
  readonly #ids: IdSource;
  /** When the call began. Milliseconds since the Unix epoch. */
  readonly at: number;
  #callId: string | undefined;
  #argsDigest: string | undefined;
  #key: string | undefined;

  constructor(of: CallSubject, clock: Clock, ids: IdSource) {
    this.#of = of;
    this.#ids = ids;
    // The clocks may be asked long after the call began.
    this.at = Math.round(clock.now() - (clock.monotonic() - of.startedMs));
  }

  get callId(): string {
    this.#callId ??= this.#ids();
    return this.#callId;
  }

  get logicalCallId(): string {
    return this.#of.options.logicalCallId ?? this.callId;
  }

  get idempotencyKey(): string {
    const { connector, facts, options } = this.#of;
    this.#key ??= idempotencyKeyOf(connector, facts, options, this.logicalCallId);
    return this.#key;
  }

  /** The key, if anybody has asked for it. */
  get usedKey(): string | undefined {
    return this.#key;
  }

  get approvalDigest(): string {
    const { connector, facts, options, policyVersion } = this.#of;
    return approvalDigestOf(connector, facts, options, policyVersion);
  }

  /**
   * SHA-256 of the arguments' canonical JSON; in its place the reason where they cannot be written
   * as JSON, because a record must not fail for what a read was given.
   */
  get argsDigest(): string | undefined {
    const { args } = this.#of.facts;
    if (args === undefined) return undefined;
    if (this.#argsDigest === undefined) {
      try {
        this.#argsDigest = digestOf(args);
      } catch (error) {
        this.#argsDigest = `none: ${messageOf(error)}`;
      }
    }
    return this.#argsDigest;
  }
}
