import type { Clock } from "../base/clock.ts";
import type { Boundary } from "../boundary/boundary.ts";
import { modelConnectorSpec } from "../connectors/models/connector.ts";
import { type FallenBack, type ModelCalls, runModel } from "../connectors/models/run-model.ts";
import type { NewEvent, StoredEvent } from "../events/event.ts";
import type { Prices } from "../models/prices.ts";
import type { TokenCounter } from "../models/tokens.ts";
import type { NamedModel } from "./model-source.ts";

interface RunModelParts {
  readonly boundary: Boundary;
  readonly prices: Prices;
  readonly tokens: TokenCounter;
  readonly clock: Clock;
  /** The run's log so far. */
  readonly events: readonly StoredEvent[];
  readonly append: (event: NewEvent) => void;
}

/** A run's model behind the boundary, with those that stand in for it. */
export function governedRunModel(
  { fallbacks, ...first }: NamedModel & { readonly fallbacks: readonly NamedModel[] },
  { boundary, prices, tokens, clock, events, append }: RunModelParts,
): ModelCalls {
  const alone = fallbacks.length === 0;
  const choiceOf = ({ name, model }: NamedModel) => {
    const spec = modelConnectorSpec(model, { prices, tokens, clock, ...(alone ? {} : { name }) });
    return { name, connector: boundary.connector(spec) };
  };
  const own = choiceOf(first);
  if (alone) return own.connector;
  const last = events.findLast((event) => event.type === "model.fell_back");
  return runModel([own, ...fallbacks.map(choiceOf)], {
    clock,
    at: last?.to ?? undefined,
    onFallBack: (fallenBack) => append(eventOf(fallenBack)),
  });
}

function eventOf({ call, from, to, error, record }: FallenBack): NewEvent {
  const { spend, attempts, durationMs, callId } = record;
  return {
    type: "model.fell_back",
    call,
    from,
    to: to ?? null,
    error: error.toJSON(),
    tokens: spend?.tokens ?? 0,
    costMicroUsd: spend?.costMicroUsd ?? null,
    attempts: attempts.length,
    durationMs,
    callId,
  };
}
