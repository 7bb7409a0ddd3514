import type { ErrorData } from "../base/errors.ts";
import { failureClasses, failureClassOf } from "../base/failure-class.ts";
import { elicitationRule, planLines } from "../engine.ts";
import { formatMicroUsd } from "../base/money.ts";
import type {
  EventOf,
  FromLogReason,
  LiveEvent,
  RunEvent,
  RunTotals,
  StopReason,
} from "../events/event.ts";
import { failureOfRun } from "../events/run-failure.ts";
import { oneLine, type Output } from "./output.ts";
import { budgetText, renderAttempts, renderEscalation, routingLines } from "./render-effort.ts";
import { compactionText } from "./render-compaction.ts";
import { matchLines } from "./render-match.ts";
import { sessionText } from "./session-text.ts";
import { skillRulesText } from "./skill-text.ts";
import { counted } from "./text.ts";

const milliseconds = (ms: number): string =>
  ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
const count = (value: number): string => value.toLocaleString("en-US");

/** Turns a run's events into lines for a person who watches. */
export function createRunRenderer(output: Output): (event: RunEvent) => void {
  const asked = new Map<string, EventOf<"tool.started">>();
  const agents = new Map<string, string>();
  const waiting = createWaitingNote();
  let explained = false;
  return (event) => {
    const path = "agentPath" in event ? event.agentPath : undefined;
    const inPlace = path === undefined ? output : beneath(output, path, agents.get(path) ?? "");
    const { style, out, width, program, sameStore } = inPlace;
    switch (event.type) {
      case "run.started":
        out(`${style.bold(`run ${event.runId}`)}  ${oneLine(event.task, 80)}`);
        if (event.attempt !== undefined)
          out(style.yellow(`attempt ${event.attempt.number}, after run ${event.attempt.after}`));
        if (event.replayOf !== undefined) out(style.yellow(`a replay of run ${event.replayOf}`));
        out(
          style.dim(
            `model ${event.model} · effort ${event.effort} (${event.effortSource}) · agent ${event.agent} · policy ${event.policy}`,
          ),
        );
        for (const line of routingLines(event)) out(style.dim(line));
        if (event.workspace !== null) out(style.dim(`workspace ${event.workspace}`));
        for (const notice of event.notices) out(style.yellow(`note: ${oneLine(notice, 300)}`));
        return;
      case "session.opened":
        out(style.dim(sessionText(event)));
        if (event.egress !== undefined && event.egress.guard !== "on") {
          out(style.yellow(`note: the egress guard is ${event.egress.guard}`));
        }
        for (const notice of event.notices) out(style.yellow(`note: ${oneLine(notice, 300)}`));
        return;
      case "run.resumed":
        out(style.yellow("resumed from its log"));
        return;
      case "message.user":
        out(
          `\n${style.bold(speaker(event.from))}  ${oneLine(event.text, Math.max(60, width * 2))}`,
        );
        return;
      case "message.undelivered":
        out(`\n${style.yellow("not read, the agent had stopped")}  ${oneLine(event.text, width)}`);
        return;
      case "agent.started":
        agents.set(event.agentPath, event.agent);
        waiting.end(event.agentPath);
        beneath(output, event.agentPath, event.agent).out(style.bold("agent begins"));
        return;
      case "turn.started":
        out(
          `\n${style.bold(`turn ${event.turn}`)}${event.toolsOffered ? "" : "  (closing turn, no tools)"}`,
        );
        return;
      case "turn.completed":
        renderTurn(inPlace, event);
        return;
      case "turn.failed":
        out(
          `  ${style.red("✗ model")}  ${errorText(event.error)}  ${attempts(event.attempts)}${milliseconds(event.durationMs)}`,
        );
        return;
      case "model.fell_back":
        out(
          `  ${style.yellow(`⇢ ${event.from}`)}  ${errorText(event.error)}  ${attempts(event.attempts)}${milliseconds(event.durationMs)}`,
        );
        out(
          style.dim(
            event.to === null
              ? "    no other model is left to ask"
              : `    ${event.to} stands in from here on`,
          ),
        );
        return;
      case "tool.started":
        asked.set(placeOf(event), event);
        waiting.begin(inPlace, event);
        return;
      case "tool.completed":
        waiting.end(placeOf(event));
        renderTool(inPlace, event, asked.get(placeOf(event))?.argumentsText ?? "");
        return;
      case "judge.completed":
        out(
          style.dim(
            `\n  the judge was asked: ${spendText(event)} · ${milliseconds(event.durationMs)}`,
          ),
        );
        return;
      case "judge.failed":
        out(`\n  ${style.red("✗")} the judge was asked: ${errorText(event.error)}`);
        return;
      case "sampling.completed":
        out(
          style.dim(
            `    server ${event.server} asked the model: ${spendText(event)} · ${milliseconds(event.durationMs)}`,
          ),
        );
        return;
      case "sampling.failed":
        out(
          `    ${style.red("✗")} server ${event.server} asked the model: ${errorText(event.error)}`,
        );
        return;
      case "matching.completed":
        out(style.dim(`asked which skills fit (${event.stage}): ${spendText(event)}`));
        return;
      case "matching.failed":
        out(`${style.red("✗")} asked which skills fit: ${errorText(event.error)}`);
        return;
      case "skills.matched":
        for (const line of matchLines(event, style, width)) out(line);
        return;
      case "tools.activated":
        out(style.dim(`    active now: ${event.tools.map(({ name }) => name).join(", ")}`));
        return;
      case "skill.loaded":
        out(
          style.dim(`    ${["works by the skill", event.name, skillRulesText(event)].join(" ")}`),
        );
        return;
      case "plan.updated":
        for (const line of planLines(event.steps).split("\n"))
          out(style.dim(`    ${oneLine(line, width)}`));
        return;
      case "context.compacted":
        out(`  ${style.yellow("⇣ context")}  ${compactionText(event)}`);
        return;
      case "condense.completed":
        out(
          style.dim(
            `  asked for a summary: ${spendText(event)} · ${milliseconds(event.durationMs)}`,
          ),
        );
        return;
      case "condense.failed":
        out(`  ${style.red("✗")} asked for a summary: ${errorText(event.error)}`);
        return;
      case "stuck.noticed":
        out(
          `  ${style.yellow("↻ stuck")}  ${loopName(event)}${event.refused.length === 0 ? "" : " · the same again is refused"}`,
        );
        return;
      case "run.parked":
        out(`  ${style.yellow("⏸ parked")}  ${bothEnds(event.message)}`);
        out(
          `  ${style.dim("→")} ${program} approvals ${event.ruleId === elicitationRule ? "answer" : "approve"} ${event.approvalId}${sameStore} && ${program} resume ${event.runId}${sameStore}`,
        );
        return;
      case "check.completed":
        out(
          `\n${style.bold(checkName(event.kind))}  ${event.passed ? style.green("passed") : style.red(event.error === undefined ? "failed" : "could not run")}  attempt ${event.attempt} · ${milliseconds(event.durationMs)}`,
        );
        if (!event.passed || event.kind === "judge")
          indent(output, event.error === undefined ? event.output : errorText(event.error));
        return;
      case "agent.stopped":
        explained = path === undefined;
        out(
          `\n${style.bold("agent stopped")}  ${stopText(event.stop)}${event.outcome === undefined || event.outcome === "unverified" ? "" : ` · ${event.outcome}`}`,
        );
        if (event.totals !== undefined) out(style.dim(`  ${totalsText(event.totals)}`));
        return;
      case "verification.completed":
        out(
          `${style.bold("verifier")}  ${event.error === undefined ? `reward ${event.reward ?? "none"}` : style.red(errorText(event.error))} · ${milliseconds(event.durationMs)}`,
        );
        if (!event.passed) indent(output, event.output);
        return;
      case "budget.reached":
        out(style.yellow(`  budget ${budgetText(event)}`));
        return;
      case "escalation.decided":
        renderEscalation(output, event);
        return;
      case "run.finished":
        renderEnd(output, event, explained);
        return;
      case "tool.progress":
      case "text.delta":
      case "reasoning.delta":
        return renderLive(inPlace, event);
    }
  };
}

function checkName(kind: EventOf<"check.completed">["kind"] = "command"): string {
  return kind === "command" ? "check" : kind === "schema" ? "answer's form" : kind;
}

function speaker(from: EventOf<"message.user">["from"]): string {
  return from === "steering" || from === "follow_up" ? from.replace("_", "-") : "user";
}

const patienceMs = 2_000;

/** What an agent that works for another does stands further in, with its name. */
function beneath(output: Output, path: string, agent: string): Output {
  const margin = "  ".repeat(path.split("/").length);
  const label = output.style.dim(`${path} ${agent}`.trimEnd());
  return { ...output, out: (text) => output.out(`${margin}${label}  ${text.replace(/^\n+/, "")}`) };
}

/** Where a call stands; the agent that it hands work to has the same for its path. */
function placeOf({ agentPath, turn, index }: EventOf<"tool.started" | "tool.completed">): string {
  return `${agentPath === undefined ? "" : `${agentPath}/`}${turn}.${index}`;
}

/** Says of a tool call that takes long that it is running, so that nobody thinks it is stuck. */
function createWaitingNote() {
  const timers = new Map<string, NodeJS.Timeout>();
  return {
    begin: ({ out, style, width }: Output, event: EventOf<"tool.started">): void => {
      const { toolName, argumentsText } = event;
      const say = () =>
        out(style.dim(`  … ${toolName} ${oneLine(argumentsText, width)} is still running`));
      timers.set(placeOf(event), setTimeout(say, patienceMs).unref());
    },
    end: (place: string): void => {
      clearTimeout(timers.get(place));
      timers.delete(place);
    },
  };
}

function renderLive({ out, style }: Output, event: LiveEvent): void {
  if (event.type === "tool.progress") out(style.dim(`  … ${oneLine(event.message, 200)}`));
}

function spendText({
  usage,
  costMicroUsd,
}: Pick<EventOf<"turn.completed">, "usage" | "costMicroUsd">): string {
  const ofCache = [
    ...(usage.cachedInputTokens === 0 ? [] : [`${count(usage.cachedInputTokens)} cached`]),
    ...(usage.cacheWriteTokens === undefined ? [] : [`${count(usage.cacheWriteTokens)} to cache`]),
  ];
  const cached = ofCache.length === 0 ? "" : ` (${ofCache.join(", ")})`;
  const estimated = usage.estimated ? " (estimated)" : "";
  const money = costMicroUsd === null ? "unpriced" : formatMicroUsd(costMicroUsd);
  return `${count(usage.inputTokens)} tokens in${cached}, ${count(usage.outputTokens)} out${estimated} · ${money}`;
}

function renderTurn({ out, style, width }: Output, event: EventOf<"turn.completed">): void {
  for (const part of event.parts) {
    if (part.type === "reasoning") out(`  ${style.dim(oneLine(part.text, width * 2))}`);
    if (part.type === "text")
      for (const line of part.text.split("\n"))
        if (line.trim() !== "") out(`  ${oneLine(line, 400)}`);
  }
  out(
    style.dim(
      `  ${spendText(event)} · effort ${event.effort} · ${event.decision.effect} by ${event.decision.ruleId} · ${attempts(event.attempts)}${milliseconds(event.durationMs)}`,
    ),
  );
}

/** Why a replay did not make a call. */
export const fromLogWords: Readonly<Record<FromLogReason, string>> = {
  agent: "an agent's answer; its own calls are replayed",
  outside: "it would change something outside of the scratch copy",
  refused: "it was refused before it was made",
  not_approved: "nobody approved it",
  answered: "its tool asked a person, and the answer is not kept",
  unknown: "whether it was done is not known",
  secret: "its arguments hold a secret, which the log does not keep",
  unasked: "the policy asks about it, and a replay that is not live asks nobody",
  declined: "a person said no now",
};

function renderTool(
  { out, style, width }: Output,
  event: EventOf<"tool.completed">,
  argumentsText: string,
): void {
  const { fromLog } = event;
  const mark =
    fromLog !== undefined ? style.dim("≡") : event.isError ? style.red("✗") : style.green("✓");
  const decided =
    fromLog !== undefined
      ? `from the log: ${fromLogWords[fromLog]}`
      : event.decision === null
        ? "not sent"
        : `${event.decision.effect} by ${event.decision.ruleId}`;
  out(
    `  ${mark} ${style.bold(event.toolName)} ${oneLine(argumentsText, Math.max(30, width - event.toolName.length - 8))}`,
  );
  const failure = event.error === undefined ? "" : ` · ${failureClassOf(event.error.code)}`;
  out(
    style.dim(
      `    ${decided} · ${attempts(event.attempts)}${milliseconds(event.durationMs)}${failure}`,
    ),
  );
  if (event.isError) out(`    ${style.red(oneLine(event.content, 400))}`);
}

/** @param explained whether why it stopped has been said at length already */
function renderEnd(output: Output, event: EventOf<"run.finished">, explained: boolean): void {
  const { out, style } = output;
  const { totals } = event;
  const paintOutcome =
    event.outcome === "verified"
      ? style.green
      : event.outcome === "unverified"
        ? style.yellow
        : style.red;
  out(
    `\n${style.bold("outcome")}  ${paintOutcome(style.bold(event.outcome))}  (${explained ? event.stop.reason : stopText(event.stop)})`,
  );
  const failure = failureOfRun(event);
  if (failure !== undefined) out(`  failure ${failure}: ${failureClasses[failure]}`);
  out(`  ${totalsText(totals)}`);
  renderAttempts(output, event);
  for (const file of event.filesChanged)
    out(
      `  ${file.change.padEnd(8)} ${oneLine(file.path, 200)}  ${style.dim(`${count(file.bytes)} bytes`)}`,
    );
  if (event.filesChanged.length === 0) out(style.dim("  no files changed"));
}

function totalsText(totals: RunTotals): string {
  const money = [
    ...(totals.turns > 0 && totals.unpricedCalls === totals.turns
      ? []
      : [formatMicroUsd(totals.costMicroUsd)]),
    ...(totals.unpricedCalls === 0 ? [] : [`${totals.unpricedCalls} unpriced calls`]),
  ].join(" and ");
  return `${counted(totals.turns, "turn")}, ${counted(totals.toolCalls, "tool call")} · ${count(totals.inputTokens)} tokens in, ${count(totals.outputTokens)} out · ${money} · ${milliseconds(totals.durationMs)}`;
}

/** A question that is too long for the screen shows how it ends, too. */
function bothEnds(text: string): string {
  if (text.length <= 600) return oneLine(text, 600);
  const hidden = text.length - 500;
  return `${oneLine(text.slice(0, 350), 350)} [… ${hidden} characters: see approvals show …] ${oneLine(text.slice(-150), 150)}`;
}

function errorText({ code, message, hint }: ErrorData): string {
  return `${code} (${failureClassOf(code)}): ${oneLine(message, 400)}${hint === undefined ? "" : ` → ${oneLine(hint, 300)}`}`;
}

function stopText(stop: StopReason): string {
  switch (stop.reason) {
    case "done":
      return "the agent was done";
    case "limit":
      return `limit of ${stop.allowed} (${stop.limit}) reached`;
    case "stuck":
      return `stuck: ${loopName(stop)}`;
    case "denied":
    case "error":
      return errorText(stop.error);
    case "steered":
      return "a person spoke to the run";
    case "cancelled":
      return stop.abandoned === true ? "abandoned: its trial is gone" : "cancelled";
  }
}

function loopName({
  kind,
  turns,
  evidence,
}: Pick<EventOf<"stuck.noticed">, "kind" | "turns" | "evidence">): string {
  return `${kind.replaceAll("_", " ")} for ${turns} turns (events ${evidence.join(", ")})`;
}

function indent({ out, style }: Output, text: string): void {
  for (const line of text.trim().split("\n").slice(-12))
    out(style.dim(`    ${oneLine(line, 300)}`));
}

function attempts(number: number): string {
  return number > 1 ? `${number} attempts · ` : "";
}
