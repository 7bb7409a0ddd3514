import { answerForm, answerWords } from "../agents/answer.ts";
import {
  type JudgeSpec,
  type WorkspaceCheck,
  wordsOf,
  workspaceChecksOf,
} from "../agents/completion-schema.ts";
import { type AgentDefinition, agentReference } from "../agents/definition.ts";
import type { AgentSide, RunCheck } from "../agents/ports.ts";
import { Agent33Error } from "../base/errors.ts";
import { type CheckOptions, runCheck, runScorer } from "../evaluation/commands/check.ts";
import type { RunSpec } from "./run-spec.ts";

/** How the work of a run is to be checked, besides a task's own check. */
export interface CompletionRequest {
  /** Command lines for the shell, run in the workspace. */
  readonly checks?: readonly string[];
  /** Criteria that the model is asked about; `true` takes those of the agent, or the usual. */
  readonly judge?: true | string;
}

const usualCriteria = "The task is done as it was asked for, wholly, and what is claimed is shown.";

/**
 * Sees to it that there is a place for every command that checks the work of somebody in a run.
 * @throws Agent33Error `engine.check_without_workspace`
 */
export function checkPlaces(
  agents: readonly AgentDefinition[],
  { checks = [] }: CompletionRequest,
  workspace: string | null,
): void {
  if (workspace !== null) return;
  const owner = agents.find(({ completion }) => workspaceChecksOf(completion).length > 0);
  if (owner === undefined && checks.length === 0) return;
  const whose = owner === undefined ? "the agent's work" : `the work of ${agentReference(owner)}`;
  throw new Agent33Error(
    "engine.check_without_workspace",
    `There are commands that check ${whose}, and no workspace to run them in.`,
    { hint: "Add --workspace FOLDER." },
  );
}

/** What the run keeps of it: the agent's checks, then those that were asked for. */
export function completionOf(
  request: CompletionRequest,
  { completion }: AgentDefinition,
): Pick<RunSpec, "checks" | "judge"> {
  const checks: WorkspaceCheck[] = [
    ...workspaceChecksOf(completion),
    ...(request.checks ?? []).map((line) => ({ command: wordsOf(line) })),
  ];
  return { checks, judge: judgeOf(request.judge, completion?.judge?.criteria) };
}

/** What every check of a run is started with. */
export type CheckPlace = Omit<CheckOptions, "timeoutMs" | "signal">;

/** How the work of an agent is checked that works for another: as its own definition says. */
export function ownCompletion(
  agent: AgentDefinition,
  options: CheckPlace | undefined,
): SideCompletion {
  return sessionCompletion({ agent, ...completionOf({}, agent) }, undefined, options);
}

/** What looks at an agent's work, and what the agent is told of that. */
export type SideCompletion = Pick<AgentSide, "answer" | "checks" | "judge"> & {
  readonly words: string;
};

function judgeOf(asked: true | string | undefined, own: string | undefined): JudgeSpec | null {
  if (typeof asked === "string") return { criteria: asked, always: true };
  if (asked === true) return { criteria: own ?? usualCriteria, always: true };
  return own === undefined ? null : { criteria: own, always: false };
}

/** The checks of a session, and what the agent is told of them. */
export function sessionCompletion(
  { agent, checks, judge }: Pick<RunSpec, "agent" | "checks" | "judge">,
  taskCheck: readonly string[] | undefined,
  options: CheckPlace | undefined,
): SideCompletion {
  const commands: WorkspaceCheck[] = [
    ...(taskCheck === undefined ? [] : [{ command: [...taskCheck] }]),
    ...checks,
  ];
  const runners = options === undefined ? [] : commands.map((check) => runCheckOf(check, options));
  const form = agent.outputs === undefined ? undefined : answerForm(agent.outputs);
  const words = [
    ...(form === undefined ? [] : [answerWords(form.schema)]),
    ...(runners.length === 0
      ? []
      : [
          "When you finish, a check runs on what you left behind. If it fails you are told what it found.",
        ]),
    ...(judge === null
      ? []
      : [`Your work is then judged. What must be true of it: ${judge.criteria}`]),
  ];
  return { answer: form, checks: runners, judge: judge ?? undefined, words: words.join("\n\n") };
}

function runCheckOf(check: WorkspaceCheck, options: CheckPlace): RunCheck {
  const { command, atLeast, timeoutSeconds = Number.POSITIVE_INFINITY } = check;
  const within = (signal: AbortSignal, leftMs: number): CheckOptions => ({
    ...options,
    signal,
    timeoutMs: Math.min(leftMs, timeoutSeconds * 1_000),
  });
  return atLeast === undefined
    ? { kind: "command", run: (...limits) => runCheck(command, within(...limits)) }
    : { kind: "scorer", run: (...limits) => runScorer(command, atLeast, within(...limits)) };
}
