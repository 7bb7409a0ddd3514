import { Agent33Error } from "../base/errors.ts";
import type { AssistantPart, Usage } from "../base/message.ts";
import type { Asker, Model, ModelRequest } from "./model.ts";
import { playTurn, turnIndexOf } from "./play-turn.ts";
import { readScript, type Script, type ScriptTurn } from "./script-file.ts";
import { estimateUsage } from "./usage.ts";

export { parseScript, readScript, type Script, type ScriptTurn } from "./script-file.ts";

/**
 * A model that says what a script says, for demonstrations and tests without a provider. The turn
 * is chosen by how many turns the assistant has had, among the turns of the agent that asks.
 * @param repetition which repetition of a trial asks, for the script's cases
 * @returns a model whose stream throws `models.script_exhausted` past the last turn
 */
export function createScriptedModel(script: Script, repetition?: number): Model {
  return {
    info: { provider: "scripted", model: script.name },
    async *stream(request, io) {
      const index =
        request.judgement ?? request.condensation ?? request.matching ?? turnIndexOf(request);
      const { turns, whose } = turnsOf(script, request, repetition);
      const turn = turns[index];
      if (turn === undefined) {
        throw new Agent33Error(
          "models.script_exhausted",
          `The script "${script.name}" has ${turns.length} turns${whose}; turn ${index + 1} was asked for.`,
          { hint: "Add a turn to the script, one that ends the task with text only." },
        );
      }
      const parts = scriptedParts(turn, index);
      const usage =
        turn.usage === undefined ? await estimateUsage(request, parts) : stated(turn.usage);
      const finishReason = parts.some((part) => part.type === "tool_call") ? "tool_calls" : "stop";
      yield* playTurn({ parts, usage, finishReason, responseModel: script.name }, io);
    },
  };
}

/** The turns that the request asks for one of, and a word on whose they are. */
function turnsOf(
  script: Script,
  request: ModelRequest,
  repetition: number | undefined,
): { readonly turns: readonly ScriptTurn[]; readonly whose: string } {
  const { asker, judgement, condensation, matching } = request;
  const { agents = {}, summaries = [] } = script;
  if (judgement !== undefined) return judgementsOf(script, asker);
  if (condensation !== undefined) return { turns: summaries, whose: " for summaries" };
  if (matching !== undefined)
    return { turns: script.matching ?? [], whose: " for matching skills" };
  if (asker?.path === undefined)
    return { turns: turnsInCase(script, request, repetition), whose: "" };
  const { name, path } = asker;
  return { turns: agents[path] ?? agents[name] ?? [], whose: ` for ${name} (${path})` };
}

function turnsInCase(
  { turns, cases = [] }: Script,
  { system }: ModelRequest,
  repetition: number | undefined,
): readonly ScriptTurn[] {
  const found = cases.find(
    ({ when: { skill, repetitions } }) =>
      (skill === undefined || isListed(skill, system)) &&
      (repetitions === undefined || (repetition !== undefined && repetitions.includes(repetition))),
  );
  return found?.turns ?? turns;
}

/** Whether the prompt's list of skills has one: a line for each, as the skills' room writes it. */
function isListed(skill: string, system: string): boolean {
  return system.split("\n").some((line) => line.startsWith(`- ${skill}: `));
}

/** What is said of an agent's work, and a word on whose it is. */
function judgementsOf(
  { judge = [], judges = {} }: Script,
  asker: Asker | undefined,
): { readonly turns: readonly ScriptTurn[]; readonly whose: string } {
  if (asker?.path === undefined) return { turns: judge, whose: " for the judge" };
  const { name, path } = asker;
  return {
    turns: judges[path] ?? judges[name] ?? [],
    whose: ` for the judge of ${name} (${path})`,
  };
}

/**
 * The model of a script file.
 * @throws Agent33Error `models.unreadable_script`, `models.malformed_script`
 */
export function loadScriptedModel(path: string, repetition?: number): Model {
  return createScriptedModel(readScript(path), repetition);
}

/** The parts of a script's turn. Its tool calls have the ids `call_<turn>_<n>`, both from 1. */
export function scriptedParts(turn: ScriptTurn, index: number): readonly AssistantPart[] {
  const calls = (turn.tool_calls ?? []).map(
    (call, n): AssistantPart => ({
      type: "tool_call",
      toolCallId: `call_${index + 1}_${n + 1}`,
      toolName: call.name,
      argumentsText: call.arguments_text ?? JSON.stringify(call.arguments ?? {}),
    }),
  );
  return [
    ...(turn.reasoning === undefined ? [] : [{ type: "reasoning", text: turn.reasoning } as const]),
    ...(turn.text === undefined ? [] : [{ type: "text", text: turn.text } as const]),
    ...calls,
  ];
}

function stated(usage: NonNullable<ScriptTurn["usage"]>): Usage {
  return {
    inputTokens: usage.input_tokens,
    cachedInputTokens: usage.cached_input_tokens,
    outputTokens: usage.output_tokens,
    reasoningTokens: usage.reasoning_tokens,
    estimated: false,
  };
}
