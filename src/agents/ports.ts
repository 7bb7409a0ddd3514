import type { Effect } from "../base/effect.ts";
import type { JsonObject } from "../base/json.ts";
import type { Principal } from "../base/principal.ts";
import type { Result } from "../base/result.ts";
import type { CallOptions, CallOutcome, PolicyDecider } from "../boundary/types.ts";
import type {
  EventOf,
  FileChange,
  NewEvent,
  NewLiveEvent,
  RunOutcome,
  RunTotals,
  StopReason,
  StoredEvent,
} from "../events/event.ts";
import type { ErrorData } from "../base/errors.ts";
import type { ContextWindow } from "../context/window.ts";
import type { TokenCounter } from "../models/tokens.ts";
import type { ModelCalls } from "../connectors/models/run-model.ts";
import type { LoadedSkill, OfferedTool, ToolOutput } from "../tools/tool.ts";
import type { AnswerForm } from "./answer.ts";
import type { JudgeSpec } from "./completion-schema.ts";
import type { AgentBudgets } from "./budgets.ts";
import type { AgentDefinition } from "./definition.ts";
import type { EffortChoice } from "./effort.ts";
import type { RunLimits } from "./limits.ts";
import type { Scope } from "./scope.ts";
import type { RunState } from "./state.ts";

/** A run's log, as the loop needs it. */
export interface RunLogPort {
  /** Synchronous, so that it joins the transaction of the journal. */
  append(runId: string, events: readonly NewEvent[]): readonly StoredEvent[];
  /**
   * Says that something begins that leaves no trace elsewhere and may begin again: written before
   * whatever is written next, with the time of now, at once where somebody follows the run.
   */
  begin(runId: string, event: NewEvent): void;
  read(runId: string): readonly StoredEvent[];
}

/** The tools of one run, governed. */
export interface Toolbox {
  /** What the model is always shown. */
  readonly tools: readonly OfferedTool[];
  /** Any tool of the run, also one that the model has yet to find. */
  find(name: string): Result<OfferedTool>;
  /** What this very call would do, which may be less than what the tool can do. */
  effectOf(tool: OfferedTool, args: JsonObject): Effect;
  call(
    tool: OfferedTool,
    args: JsonObject,
    options: ToolCallOptions,
  ): Promise<CallOutcome<ToolOutput>>;
}

export interface ToolCallOptions extends CallOptions, Scope {
  readonly onProgress: (message: string) => void;
}

export interface CheckResult {
  readonly passed: boolean;
  readonly output: string;
  readonly durationMs: number;
  readonly error?: ErrorData;
}

/** One look at the agent's work. */
export interface RunCheck {
  readonly kind: "command" | "scorer" | "schema";
  /** @param leftMs what is left of the run's time. Milliseconds. */
  run(signal: AbortSignal, leftMs: number): Promise<CheckResult>;
}

export interface VerificationResult {
  readonly reward: number | null;
  readonly passed: boolean;
  readonly output: string;
  readonly durationMs: number;
  readonly error?: ErrorData;
}

/** What one agent of a run acts as and with. */
export interface AgentSide {
  readonly principal: Principal;
  /** The policy that the run was started under, as it holds for this agent; it decides about each call. */
  readonly policy: PolicyDecider;
  readonly agent: AgentDefinition;
  readonly effort: EffortChoice;
  readonly toolbox: Toolbox;
  readonly systemPrompt: string;
  /** The skills that it, and those that it works for, work by from the start. */
  readonly preloaded: readonly LoadedSkill[];
  /** What its prompts have to fit into. */
  readonly window: ContextWindow;
  /** The agents that it may hand work to. */
  readonly subAgents: readonly SubAgent[];
  /** The form of its last answer, where one is asked for. */
  readonly answer: AnswerForm | undefined;
  /** What looks at its work each time that it says that it is done, in this order. */
  readonly checks: readonly RunCheck[];
  /** What the model is asked about the work once the checks have passed. */
  readonly judge: JudgeSpec | undefined;
}

export interface SubAgent {
  /** As `name@version`. */
  readonly id: string;
  readonly agent: AgentDefinition;
  /** What it acts with: never more than the agent that it works for. The same each time. */
  open(): AgentSide;
}

/**
 * Everything that one run works with while this process drives it. Opened before the workflow is
 * executed, again after a crash.
 */
export interface RunSession extends AgentSide {
  readonly runId: string;
  readonly limits: RunLimits;
  readonly model: ModelCalls;
  /** Counts what it is asked, as far as that can be known beforehand. */
  readonly tokens: TokenCounter;
  /** Runs the task's hidden tests, where it has some. Called only after `closeTools`. */
  readonly verify: ((signal: AbortSignal) => Promise<VerificationResult>) | undefined;
  /** Ends everything that the agent could act with; once `hurry` aborts, by force. */
  closeTools(hurry: AbortSignal): Promise<void>;
  /** What the run changed in its workspace. */
  filesChanged(): Promise<readonly FileChange[]>;
  /** For watchers; not kept. */
  live(event: NewLiveEvent): void;
}

/** How a run ends. */
export interface RunEnding {
  readonly outcome: RunOutcome;
  readonly stop: StopReason;
  readonly totals: RunTotals;
  /** A tool that may have changed something outside of the workspace. */
  readonly outside: string | undefined;
}

/** What there is to say of a run that ends as one of several attempts. */
export interface EndingWords {
  readonly events: readonly NewEvent[];
  readonly attempts?: EventOf<"run.finished">["attempts"];
}

export interface AgentPorts {
  /** An error whose words hold no secrets: the journal keeps it beside the log. */
  conceal(error: ErrorData): ErrorData;
  readonly log: RunLogPort;
  readonly now: () => number;
  session(runId: string): RunSession;
  /** Opens the budgets of one agent within the run's, unless they are open here. */
  openBudgets(budgets: AgentBudgets, limits: RunLimits, used: () => RunState["totals"]): void;
  /** What goes before the last event of a run. Called in the transaction that ends it. */
  ending(runId: string, end: RunEnding): EndingWords;
  /** Called in that transaction after the last event. */
  finished(runId: string, outcome: RunOutcome, stop: StopReason): void;
}

/** The mailbox topic on which the answer to one approval arrives. */
export function approvalTopic(approvalId: string): string {
  return `approval:${approvalId}`;
}
