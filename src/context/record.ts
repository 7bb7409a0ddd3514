import type { PlanStep, TurnSummary } from "../events/event.ts";
import type { Conversation, Exchange, UserMessage } from "./conversation.ts";

/** What of the turns that are not shown any more is kept word for word. */
export interface Kept {
  /** What persons said. */
  readonly said: readonly string[];
  /** Texts that were handed to the agent to hold, such as skills: the newest of each name. */
  readonly held: ReadonlyMap<string, string>;
}

/**
 * What is kept of a stretch of turns.
 * @param holds names of tools whose results hold until the end
 */
export function keptOf(exchanges: readonly Exchange[], holds: ReadonlySet<string>): Kept {
  const said: string[] = [];
  const held = new Map<string, string>();
  for (const { calls, results, said: after } of exchanges) {
    for (const [index, result] of results) {
      if (result.isError || !holds.has(result.toolName)) continue;
      held.set(nameIn(calls[index]?.argumentsText ?? "", result.toolName), result.content);
    }
    for (const { message, byPerson } of after) if (byPerson) said.push(message.text);
  }
  return { said, held };
}

function nameIn(argumentsText: string, toolName: string): string {
  try {
    const value: unknown = JSON.parse(argumentsText);
    if (typeof value === "object" && value !== null && "name" in value) return String(value.name);
  } catch {
    // A call without arguments that can be read has the name of its tool.
  }
  return toolName;
}

/** What the agent is told of the turns that it is not shown any more. */
export function recordMessage(summary: TurnSummary, { said, held }: Kept): UserMessage {
  const { throughTurn, files } = summary;
  const parts = [
    `[Turns 1 to ${throughTurn} are not shown any more. This is the record of them; go on from it.]`,
    ...(said.length === 0
      ? []
      : [`# What was said to you meanwhile, word for word; it holds\n${said.join("\n---\n")}`]),
    ...[...held].map(([name, text]) => `# ${name}, as you loaded it; it holds\n${text}`),
    `# What was done and found\n${summary.text}`,
    ...(files.changed.length === 0
      ? []
      : [`# Files that were changed\n${files.changed.join("\n")}`]),
    ...(files.read.length === 0 ? [] : [`# Files that were read\n${files.read.join("\n")}`]),
  ];
  return { role: "user", text: parts.join("\n\n") };
}

const marks: Readonly<Record<PlanStep["status"], string>> = {
  pending: "[ ]",
  in_progress: "[>]",
  done: "[x]",
  dropped: "[-]",
};

/** A plan as lines. */
export function planLines(plan: readonly PlanStep[]): string {
  return plan.map(({ step, status }) => `${marks[status]} ${step}`).join("\n");
}

/**
 * What stands at the end of each prompt because it changes: the plan, and questions that are open.
 * Undefined where there is none of it.
 */
export function stateMessage({ plan, open }: Conversation): UserMessage | undefined {
  const parts = [
    ...(plan.length === 0 ? [] : [`Your plan as it stands:\n${planLines(plan)}`]),
    ...(open.size === 0 ? [] : [`Open questions to a person:\n${[...open.values()].join("\n")}`]),
  ];
  return parts.length === 0 ? undefined : { role: "user", text: `[${parts.join("\n\n")}]` };
}
