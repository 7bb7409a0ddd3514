import type { Clock } from "../../base/clock.ts";
import { BoundaryError, isOwnTrouble } from "../../boundary/errors.ts";
import type { Connector } from "../../boundary/connector.ts";
import type { CallOptions, CallOutcome, CallRecord } from "../../boundary/types.ts";
import { overflowOf } from "../../models/context-overflow.ts";
import type { ModelEvent, ModelRequest, ModelTurn } from "../../models/model.ts";

/** What asks a model of a run: one governed call a try. */
export type ModelCalls = Pick<Connector<ModelRequest, ModelTurn, ModelEvent>, "tryCall">;

/** One of the models that a run may ask. */
export interface ModelChoice {
  /** Its specification, as it was written. */
  readonly name: string;
  readonly connector: ModelCalls;
}

/** A call that was left for that of another model. */
export interface FallenBack {
  readonly call: string;
  readonly from: string;
  /** Undefined where no model is left to ask. */
  readonly to: string | undefined;
  readonly error: BoundaryError;
  readonly record: CallRecord;
}

export interface RunModelOptions {
  readonly clock: Clock;
  /** The model that the run had come to when a process took it up, by its name. */
  readonly at: string | undefined;
  readonly onFallBack: (fallenBack: FallenBack) => void;
}

/**
 * A model with others that stand in for it in an emergency: it is overloaded, limits the rate, is not
 * to be reached, or its breaker is open, and nothing of its answer has come. Each try is a governed
 * call of its own. Who has stood in once goes on doing so: the way back would cost the new model's
 * prompt cache and, while the outage lasts, a vain try in each turn.
 *
 * The others are asked in the order in which they are written, whoever is asked first. One that
 * cannot stand in (its key is refused, the policy denies it) is passed over; where nobody can, the
 * call ends with the first one's error. A try that waits for a person, that is cancelled or that has
 * begun to answer is the last.
 */
export function runModel(
  choices: readonly [ModelChoice, ...ModelChoice[]],
  { clock, at, onFallBack }: RunModelOptions,
): ModelCalls {
  let current = choices.find(({ name }) => name === at) ?? choices[0];
  return {
    tryCall: async (request, options) => {
      const beganMs = clock.monotonic();
      const order = [current, ...choices.filter((choice) => choice !== current)];
      const failures: Failure[] = [];
      for (const [index, choice] of order.entries()) {
        let shown = false;
        const outcome = await choice.connector.tryCall(request, {
          ...options,
          ...callOf(choice, choices, options),
          ...leftOf(options, clock.monotonic() - beganMs),
          ...(options.onChunk === undefined
            ? {}
            : {
                onChunk: (chunk) => {
                  shown = true;
                  options.onChunk?.(chunk);
                },
              }),
        });
        if (outcome.ok) {
          current = choice;
          return outcome;
        }
        const { error, record } = outcome;
        const leaves = index === 0 ? isEmergency(error) : !isFinal(error);
        if (choices.length === 1 || shown || !leaves) return outcome;
        const next = order[index + 1];
        failures.push({ name: choice.name, outcome });
        onFallBack({
          call: record.logicalCallId,
          from: choice.name,
          to: next?.name,
          error,
          record,
        });
        // Another call may have moved on in the meantime.
        if (current === choice) current = next ?? choices[0];
      }
      return nobodyLeft(failures);
    },
  };
}

interface Failure {
  readonly name: string;
  readonly outcome: Extract<CallOutcome<ModelTurn>, { ok: false }>;
}

/** Each model's call has a name of its own, the same after a crash. */
function callOf(
  choice: ModelChoice,
  choices: readonly ModelChoice[],
  { logicalCallId }: CallOptions<ModelEvent>,
): Pick<CallOptions, "logicalCallId"> {
  const place = choices.indexOf(choice);
  if (place === 0 || logicalCallId === undefined) return {};
  return { logicalCallId: `${logicalCallId}/fallback-${place}` };
}

function leftOf({ totalMs }: CallOptions<ModelEvent>, usedMs: number): { totalMs?: number } {
  return totalMs === undefined ? {} : { totalMs: Math.max(1, totalMs - usedMs) };
}

/** Not implemented, and a version of HTTP that is not spoken: that is how a server is set up. */
const neverImplemented = new Set([501, 505]);

/** Whether the model cannot answer now, whatever it is asked. */
function isEmergency({ kind, status, retryable }: BoundaryError): boolean {
  if (kind === "upstream_5xx") return !neverImplemented.has(status ?? 500);
  // A certificate that is refused is nothing to get around.
  if (kind === "transport") return retryable;
  return kind === "upstream_429" || kind === "circuit_open" || kind === "timeout";
}

/** Whether the call ends with it, although another model could be asked. */
function isFinal(error: BoundaryError): boolean {
  return (
    error.kind === "cancelled" ||
    error.kind === "deadline_exceeded" ||
    error.kind === "approval_required" ||
    isOwnTrouble(error)
  );
}

/**
 * The first model's error, and what kept the others from standing in. That the conversation is too
 * long for one of them comes first: it can be made shorter.
 */
function nobodyLeft(failures: readonly Failure[]): CallOutcome<ModelTurn> {
  const [first, ...others] = failures;
  if (first === undefined) throw new BoundaryError("internal", "A run has no model to ask.");
  const { error, record } = (failures.find(isTooLong) ?? first).outcome;
  const why = others.map(({ name, outcome }) => `${name}: ${outcome.error.message}`).join("; ");
  const options = {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.status === undefined ? {} : { status: error.status }),
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
    phase: error.phase,
    retryable: error.retryable,
    countsAgainstBreaker: error.countsAgainstBreaker,
    quotesOutside: error.quotesOutside,
    cause: error,
  };
  const words = `${first.outcome.error.message} No other model could stand in: ${why}`;
  // What each try used has been told of it; the call as a whole has used nothing besides.
  const { spend: _spend, ...rest } = record;
  return { ok: false, error: new BoundaryError(error.kind, words, options), record: rest };
}

function isTooLong({ outcome }: Failure): boolean {
  return overflowOf(outcome.error) !== undefined;
}
