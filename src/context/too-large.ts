import { Agent33Error } from "../base/errors.ts";
import type { ModelRequest } from "../models/model.ts";
import type { FitRequest } from "./fit.ts";
import { renderExchange, shownExchanges } from "./prompt.ts";
import { keptOf, stateMessage } from "./record.ts";

/** How many of the parts an error names. */
const mostNamed = 3;

/**
 * What is wrong with a prompt that does not fit although all has been made smaller that may be.
 * @param size what is left of it, in tokens
 */
export function tooLarge(
  request: FitRequest,
  { system, tools }: Pick<ModelRequest, "system" | "tools">,
  size: number,
): Agent33Error {
  const named = partsOf(request, system, tools)
    .slice(0, mostNamed)
    .map(([name, tokens]) => `${name} (${tokens})`);
  return new Agent33Error(
    "context.too_large",
    `The least that the model has to be shown is ${size} tokens, and ${request.room.most} fit: ${named.join(", ")}.`,
    {
      hint: "Make the first of these smaller, or use a model with a larger window (or a larger context.maxTokens).",
      details: { tokens: size, room: request.room.most },
    },
  );
}

/** The parts that are never made smaller, largest first, by our count. */
function partsOf(
  request: FitRequest,
  system: string,
  tools: ModelRequest["tools"],
): readonly (readonly [string, number])[] {
  const { conversation, decisions, options } = request;
  const { tokens, holds } = options;
  const nothing = { system: "", messages: [], maxOutputTokens: 0 };
  const [goal, ...said] = conversation.opening.map(({ message }) => message);
  const kept = keptOf(conversation.exchanges, holds);
  const state = stateMessage(conversation);
  const newest = shownExchanges(conversation, decisions).slice(-1);
  const texts = (all: Iterable<string>): number =>
    [...all].reduce((sum, text) => sum + tokens.text(text), 0);
  const parts: readonly (readonly [string, number])[] = [
    ["the instructions", tokens.text(system)],
    [`${tools.length} tools`, tokens.request({ ...nothing, tools })],
    ["the goal", goal === undefined ? 0 : tokens.messages([goal])],
    ["what people said", tokens.messages(said) + texts(kept.said)],
    [`what was loaded: ${[...kept.held.keys()].join(" ")}`, texts(kept.held.values())],
    ["the plan", state === undefined ? 0 : tokens.messages([state])],
    [
      "the newest turn",
      tokens.messages(newest.flatMap((one) => renderExchange(one, decisions, options))),
    ],
  ];
  return parts.toSorted(([, one], [, other]) => other - one);
}
