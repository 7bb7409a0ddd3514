import type { PlanStep, StoredEvent } from "../events/event.ts";
import type { TokenCounter } from "../models/tokens.ts";
import { conversationOf } from "./conversation.ts";
import { decisionsOf } from "./decisions.ts";
import { keptOf, planLines } from "./record.ts";
import { shownExchanges } from "./prompt.ts";
import { summaryFromLog } from "./summary.ts";
import { touchedFilesOf } from "./touched-files.ts";

/** What somebody needs who goes on with a run's work and has seen nothing of it. */
export interface Handoff {
  readonly version: 1;
  /** The run that it is about. */
  readonly run: string;
  /** How that run ended; null where it has not. */
  readonly outcome: string | null;
  readonly goal: string;
  /** What must hold: what people said, how the work is checked. */
  readonly constraints: readonly string[];
  readonly plan: readonly PlanStep[];
  /** What was done and found. */
  readonly done: string;
  /** The agent's last words. */
  readonly lastWords: string;
  readonly files: { readonly changed: readonly string[]; readonly read: readonly string[] };
  /** What is left: open steps, what a check found, questions to a person. */
  readonly open: readonly string[];
}

/** The longest account of what was done. Tokens. */
const doneTokens = 3_000;
const mostFiles = 100;
const all = Number.MAX_SAFE_INTEGER;

/**
 * What a run's log tells to whoever goes on with its work. No model is asked.
 * @param checked how the work is checked, in words
 */
export function handoffOf(
  events: readonly StoredEvent[],
  checked: readonly string[],
  tokens: TokenCounter,
): Handoff {
  const conversation = conversationOf(events, all, undefined);
  const { summary } = decisionsOf(events, all, undefined);
  const { opening, exchanges, plan, open } = conversation;
  const [goal, ...said] = opening.map(({ message }) => message.text);
  const words = exchanges.flatMap(({ answer }) => {
    const text = answer.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("");
    return text.trim() === "" ? [] : [text];
  });
  const shown = shownExchanges(conversation, { summary });
  const done = summaryFromLog({
    conversation,
    exchanges: shown,
    previous: summary,
    mostTokens: all,
    summaryTokens: doneTokens,
    tokens,
  });
  const finished = events.findLast((event) => event.type === "run.finished");
  return {
    version: 1,
    run: events[0]?.runId ?? "",
    outcome: finished?.type === "run.finished" ? finished.outcome : null,
    goal: goal ?? "",
    constraints: [...said, ...keptOf(exchanges, new Set()).said, ...checked],
    plan,
    done: shown.length === 0 && summary === undefined ? "Nothing yet." : done,
    lastWords: words.at(-1) ?? "",
    files: filesOf(events),
    open: [
      ...plan
        .filter(({ status }) => status === "pending" || status === "in_progress")
        .map(({ step }) => step),
      ...failedChecks(events),
      ...[...open.values()].map((question) => `A person has yet to answer: ${question}`),
    ],
  };
}

function filesOf(events: readonly StoredEvent[]): Handoff["files"] {
  const touched = [...touchedFilesOf(events, all, undefined)].toReversed().slice(0, mostFiles);
  const named = (changed: boolean) =>
    touched.filter(([, file]) => file.changed === changed).map(([name]) => name);
  const finished = events.findLast((event) => event.type === "run.finished");
  const listed = finished?.type === "run.finished" ? finished.filesChanged : [];
  const changed = listed.length > 0 ? listed.map(({ path }) => path) : named(true);
  return { changed: changed.slice(0, mostFiles), read: named(false) };
}

/** What the last look at the work found wrong. */
function failedChecks(events: readonly StoredEvent[]): readonly string[] {
  const last = events.findLast((event) => event.type === "check.completed");
  if (last?.type !== "check.completed" || last.passed) return [];
  return [
    `The ${last.kind ?? "command"} check does not pass: ${last.output.slice(0, 2_000).trim()}`,
  ];
}

/** The same as a text: the first message of the run that goes on. */
export function handoffText(handoff: Handoff): string {
  const { run, outcome, goal, constraints, plan, done, lastWords, files, open } = handoff;
  const lines = (all: readonly string[]): string => all.map((line) => `- ${line}`).join("\n");
  const parts = [
    goal,
    `[This work was begun in run ${run}, which ${outcome === null ? "has not ended" : `ended ${outcome}`}. Its record follows; look at what is there before you rely on it.]`,
    ...(constraints.length === 0 ? [] : [`# What must hold\n${lines(constraints)}`]),
    ...(plan.length === 0 ? [] : [`# The plan\n${planLines(plan)}`]),
    `# Done and found\n${done}`,
    ...(lastWords === "" ? [] : [`# Its last words\n${lastWords}`]),
    ...(files.changed.length === 0 ? [] : [`# Files that were changed\n${lines(files.changed)}`]),
    ...(files.read.length === 0 ? [] : [`# Files that were read\n${lines(files.read)}`]),
    ...(open.length === 0 ? [] : [`# Open\n${lines(open)}`]),
  ];
  return parts.join("\n\n");
}
