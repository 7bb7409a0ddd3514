import type { Clock } from "../../base/clock.ts";
import { BoundaryError } from "../../boundary/errors.ts";
import type {
  CallContext,
  CallFacts,
  ConnectorSpec,
  ConnectorTimeouts,
  Spend,
} from "../../boundary/types.ts";
import type { Model, ModelEvent, ModelInfo, ModelRequest, ModelTurn } from "../../models/model.ts";
import type { Prices } from "../../models/prices.ts";
import type { TokenCounter } from "../../models/tokens.ts";
import { limitedFetch } from "../http/body.ts";
import { urlFacts } from "../http/url-facts.ts";
import { mapModelError } from "./errors.ts";

export interface ModelConnectorOptions {
  readonly prices: Prices;
  readonly tokens: TokenCounter;
  readonly clock: Clock;
  /** Milliseconds; each one left out keeps the default. */
  readonly timeouts?: Partial<ConnectorTimeouts>;
  /** Set where other models can stand in, to what this one is called among them. */
  readonly name?: string;
}

/**
 * A model that reasons may be silent for minutes before it begins, and a local one may first have
 * to be read from disk; between two pieces of an answer nothing takes that long.
 */
const defaultTimeouts: ConnectorTimeouts = {
  attemptMs: 180_000,
  totalMs: 900_000,
  firstChunkMs: 180_000,
  idleMs: 60_000,
};

/**
 * A model as a connector: one governed call is one turn. Calling a model changes nothing outside
 * (`read`, `safe`); what its tool calls do is decided when they are made.
 */
export function modelConnectorSpec(
  model: Model,
  options: ModelConnectorOptions,
): ConnectorSpec<ModelRequest, ModelTurn, ModelEvent> {
  const { prices, tokens, clock, name } = options;
  const { info } = model;
  const facts = modelFacts(info);
  const nowMs = () => clock.now();
  return {
    id: `model:${info.provider}`,
    facts: () => facts,
    run: async (context) => {
      const turn = await runTurn(model, context);
      return name === undefined ? turn : { ...turn, model: name };
    },
    mapError: (error) => {
      const mapped = mapModelError(error, info, nowMs);
      return name === undefined ? mapped : impatient(mapped);
    },
    ...(name === undefined ? {} : { maxAttempts: attemptsBeforeOthers }),
    estimate: (request) => {
      const input = tokens.inputBound(request, info.provider);
      const bound = spend(
        input + request.maxOutputTokens,
        prices.upperBoundMicroUsd(info, input, request.maxOutputTokens),
      );
      return bound.costMicroUsd === undefined ? { ...bound, unpriced: true } : bound;
    },
    measure: ({ usage }) =>
      spend(usage.inputTokens + usage.outputTokens, prices.costMicroUsd(info, usage)),
    check: refuseEmptyTurn,
    timeouts: { ...defaultTimeouts, ...options.timeouts },
  };
}

/** With others to ask, one more attempt is enough to get over a stumble. */
const attemptsBeforeOthers = 2;
/** A longer wait than this is not waited for where another model can be asked at once. */
const patienceMs = 5_000;

function impatient(error: BoundaryError | undefined): BoundaryError | undefined {
  if (error?.retryAfterMs === undefined || error.retryAfterMs <= patienceMs) return error;
  const { kind, message, hint, status, phase, retryAfterMs, cause } = error;
  return new BoundaryError(kind, message, {
    ...(hint === undefined ? {} : { hint }),
    ...(status === undefined ? {} : { status }),
    phase,
    retryAfterMs,
    retryable: false,
    countsAgainstBreaker: error.countsAgainstBreaker,
    cause,
  });
}

/** What policy sees of any call of a model. */
export function modelFacts(info: ModelInfo): CallFacts {
  const model = `${info.provider}:${info.model}`;
  const base = { operation: "chat", effect: "read", repeat: "safe", model } as const;
  return info.baseUrl === undefined ? base : { ...base, ...urlFacts(info.baseUrl) };
}

/** No answer is longer than this and so much for each token, with what providers wrap it in. */
const answerBytes = 1024 * 1024;
const bytesPerToken = 4 * 1024;

async function runTurn(
  model: Model,
  context: CallContext<ModelRequest, ModelEvent>,
): Promise<ModelTurn> {
  const { input, signal, idempotencyKey } = context;
  const limit = answerBytes + input.maxOutputTokens * bytesPerToken;
  const fetch = limitedFetch(context.fetch, limit, model.info.provider);
  for await (const event of model.stream(input, { fetch, signal, idempotencyKey })) {
    if (event.type === "completed") return event.turn;
    context.emit(event);
    await context.room();
  }
  throw new BoundaryError("invalid_response", `${model.info.provider} ended without a turn.`, {
    retryable: true,
  });
}

/** A turn that neither says nor does anything gives an agent nothing to go on with. */
function refuseEmptyTurn(turn: ModelTurn): void {
  const useful = turn.parts.some(
    (part) => part.type === "tool_call" || (part.type === "text" && part.text.trim() !== ""),
  );
  if (useful) return;
  throw new BoundaryError(
    "invalid_response",
    `The model's turn has neither text nor a tool call (it stopped with "${turn.finishReason}").`,
    {
      retryable: true,
      hint:
        turn.usage.reasoningTokens > 0 || turn.parts.some((part) => part.type === "reasoning")
          ? "It spent its output on thinking. Allow more output tokens or ask for less effort."
          : "Try again; if it persists, try another model.",
    },
  );
}

function spend(tokens: number, costMicroUsd: number | undefined): Spend {
  return costMicroUsd === undefined ? { tokens } : { tokens, costMicroUsd };
}
