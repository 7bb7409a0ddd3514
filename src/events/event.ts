import { z } from "zod";
import { effects, repeats } from "../base/effect.ts";
import { contextEvents } from "./context-events.ts";
import {
  aside,
  assistantPart,
  attempts,
  budgetReached,
  type attemptSummary,
  cost,
  decision,
  effort,
  errorData,
  failedAside,
  escalation,
  type estimate,
  fileChange,
  fromLogReasons,
  jsonObject,
  outcome,
  overflow,
  personTopics,
  routing,
  runModes,
  scoped,
  stop,
  stored,
  type stuckKind,
  stuckLoop,
  totals,
  usage,
} from "./event-fields.ts";
import { skillEvents } from "./skill-events.ts";
import type { LiveEvent } from "./live-event.ts";

export { type PlanStep, planStatuses, type TurnSummary } from "./context-events.ts";
export {
  type PersonTopic,
  personTopics,
  type RunMode,
  runModes,
  stuckKinds,
} from "./event-fields.ts";

/** What a turn sent, by our own count; earlier logs do not say. */
const prompt = z
  .object({ tokens: z.int().nonnegative(), pieces: z.int().nonnegative() })
  .exactOptional();

/**
 * The one event union of a run. The CLI, the API, the dashboard, traces and evaluation all read
 * it. Stored events have a `seq` and are the truth of the run; live events (deltas, progress)
 * are for whoever watches and are not kept.
 */
const storedEventSchema = z.discriminatedUnion("type", [
  z.object({
    ...stored,
    type: z.literal("run.started"),
    task: z.string(),
    agent: z.string(),
    /** Of the agent's definition; earlier logs do not say. */
    agentVersion: z.string().exactOptional(),
    agentDigest: z.string().exactOptional(),
    model: z.string(),
    effort,
    effortSource: z.string(),
    /** Why this tier and model; earlier logs do not say. */
    routing: routing.exactOptional(),
    /** Set from the second attempt on. */
    attempt: z.object({ number: z.int().positive(), after: z.string() }).exactOptional(),
    /** How the agent works, and what it was given; earlier logs do not say. */
    mode: z.enum(runModes).exactOptional(),
    inputs: jsonObject.exactOptional(),
    workspace: z.string().nullable(),
    limits: jsonObject,
    policy: z.string(),
    /** The run whose log this one replays. */
    replayOf: z.string().exactOptional(),
    /** Things the person should know before the run begins, such as ignored parts of a task. */
    notices: z.array(z.string()).readonly(),
  }),
  z.object({ ...stored, type: z.literal("run.resumed"), previousOwner: z.string().nullable() }),
  z.object({
    ...stored,
    /** What the agent can act with from here on; written each time a process takes the run up. */
    type: z.literal("session.opened"),
    tools: z
      .array(
        z.object({
          name: z.string(),
          source: z.string(),
          effect: z.enum(effects),
          repeat: z.enum(repeats),
          digest: z.string(),
        }),
      )
      .readonly(),
    /** How many of them the model sees only once it has found them; earlier logs do not say. */
    toFind: z.int().nonnegative().exactOptional(),
    skills: z.array(z.object({ name: z.string(), digest: z.string() })).readonly(),
    /** What the process could open around the boundary then; earlier logs do not say. */
    egress: z
      .object({
        guard: z.enum(["on", "off", "not installed"]),
        grants: z.array(z.object({ name: z.string(), covers: z.string() })).readonly(),
      })
      .optional(),
    notices: z.array(z.string()).readonly(),
  }),
  z.object({
    ...stored,
    ...scoped,
    type: z.literal("message.user"),
    text: z.string(),
    /**
     * Who wrote it, and when: the engine, or a person while the run went on. Absent for the task
     * itself, and in earlier logs.
     */
    from: z.enum(["engine", ...personTopics]).exactOptional(),
    /** What its sender calls it, where it was sent while the run went on. */
    key: z.string().exactOptional(),
  }),
  z.object({
    ...stored,
    /** A person said it too late: the agent had stopped, and never read it. */
    type: z.literal("message.undelivered"),
    text: z.string(),
    from: z.enum(personTopics),
    key: z.string(),
  }),
  z.object({
    ...stored,
    /** Another agent begins to work on what a call handed to it; its path names the call. */
    type: z.literal("agent.started"),
    agentPath: z.string(),
    /** As `name@version`. */
    agent: z.string(),
    /** What it was given as data, where it was. */
    inputs: jsonObject.exactOptional(),
    /** Its own limits, within what was left to the one that it works for. */
    limits: jsonObject,
    decision,
    callId: z.string(),
  }),
  z.object({
    ...stored,
    ...scoped,
    type: z.literal("turn.started"),
    turn: z.int().positive(),
    /** False on the closing turn after a limit: the model gets no tools. */
    toolsOffered: z.boolean(),
  }),
  z.object({
    ...stored,
    ...scoped,
    type: z.literal("turn.completed"),
    turn: z.int().positive(),
    parts: z.array(assistantPart).readonly(),
    usage,
    costMicroUsd: cost,
    effort,
    decision,
    attempts: z.int().nonnegative(),
    durationMs: z.number().nonnegative(),
    finishReason: z.string(),
    callId: z.string(),
    prompt,
    /** The specification of the model that answered, where others could have stood in for it. */
    model: z.string().exactOptional(),
  }),
  z.object({
    ...stored,
    /** A model could not answer, and another was asked instead; it stands in from here on. */
    type: z.literal("model.fell_back"),
    /** The call, by the name that the audit has for it. */
    call: z.string(),
    from: z.string(),
    /** Null where no other was left to ask. */
    to: z.string().nullable(),
    error: errorData,
    /** What it used all the same; an upper bound where the provider's count was lost. */
    tokens: z.int().nonnegative(),
    costMicroUsd: cost,
    attempts: z.int().nonnegative(),
    durationMs: z.number().nonnegative(),
    callId: z.string(),
  }),
  z.object({
    ...stored,
    ...scoped,
    type: z.literal("turn.failed"),
    turn: z.int().positive(),
    ...failedAside,
    attempts: z.int().nonnegative(),
    prompt,
    /** Absent, as the call is, where none was made, and in earlier logs. */
    decision: decision.exactOptional(),
    /** Set where the request did not fit into the model's window. */
    overflow: overflow.exactOptional(),
  }),
  z.object({
    ...stored,
    ...scoped,
    type: z.literal("tool.started"),
    turn: z.int().positive(),
    /** Place of the call within its turn, from 0. With the turn it names the logical call. */
    index: z.int().nonnegative(),
    toolCallId: z.string(),
    toolName: z.string(),
    argumentsText: z.string(),
  }),
  z.object({
    ...stored,
    ...scoped,
    type: z.literal("tool.completed"),
    turn: z.int().positive(),
    index: z.int().nonnegative(),
    toolCallId: z.string(),
    toolName: z.string(),
    content: z.string(),
    isError: z.boolean(),
    /** Null where the call never reached policy: an unknown tool, malformed arguments. */
    decision: decision.nullable(),
    attempts: z.int().nonnegative(),
    durationMs: z.number().nonnegative(),
    error: errorData.exactOptional(),
    callId: z.string().exactOptional(),
    /** What in the content looks as if it gave a model orders, by the names of rules. */
    injection: z
      .object({ level: z.enum(["suspected", "likely"]), rules: z.array(z.string()).readonly() })
      .exactOptional(),
    /** In a replay: why the call was not made and the result is that of the log. */
    fromLog: z.enum(fromLogReasons).exactOptional(),
  }),
  z.object({
    ...stored,
    ...scoped,
    /** A server had the run's model answer it: charged to the run, not part of its conversation. */
    type: z.literal("sampling.completed"),
    server: z.string(),
    /** The answer; earlier logs do not keep it. */
    parts: z.array(assistantPart).readonly().exactOptional(),
    /** The model that really answered, where it is known. */
    responseModel: z.string().exactOptional(),
    usage,
    costMicroUsd: cost,
    durationMs: z.number().nonnegative(),
    callId: z.string(),
  }),
  z.object({
    ...stored,
    ...scoped,
    type: z.literal("sampling.failed"),
    server: z.string(),
    error: errorData,
    /** What it used all the same; an upper bound where the provider's count was lost. */
    tokens: z.int().nonnegative(),
    costMicroUsd: cost,
    callId: z.string(),
  }),
  z.object({
    ...stored,
    ...scoped,
    /** What a search found is shown to the model from its next turn on. */
    type: z.literal("tools.activated"),
    turn: z.int().positive(),
    index: z.int().nonnegative(),
    tools: z.array(z.object({ name: z.string(), digest: z.string() })).readonly(),
  }),
  ...skillEvents,
  ...contextEvents,
  z.object({
    ...stored,
    ...scoped,
    /** The run goes in circles: the model is told so before its next turn. */
    type: z.literal("stuck.noticed"),
    ...stuckLoop,
    /** Digests of the calls that are refused in that turn. */
    refused: z.array(z.string()).readonly(),
    /** What the model is told. */
    text: z.string(),
  }),
  z.object({
    ...stored,
    ...scoped,
    /** The model was asked whether the work is done. What comes of it is the check after it. */
    type: z.literal("judge.completed"),
    attempt: z.int().positive(),
    /** Above 1 where the answer before could not be read. */
    try: z.int().positive(),
    ...aside,
  }),
  z.object({
    ...stored,
    ...scoped,
    type: z.literal("judge.failed"),
    attempt: z.int().positive(),
    try: z.int().positive(),
    ...failedAside,
  }),
  z.object({
    ...stored,
    ...scoped,
    type: z.literal("check.completed"),
    /** What looked; earlier logs do not say, and it was a command. */
    kind: z.enum(["command", "schema", "scorer", "judge"]).exactOptional(),
    /** How often the agent had said that it was done; all that looked then have the same. */
    attempt: z.int().positive(),
    passed: z.boolean(),
    output: z.string(),
    durationMs: z.number().nonnegative(),
    /** Set where the check itself could not run. */
    error: errorData.exactOptional(),
  }),
  z.object({
    ...stored,
    ...scoped,
    type: z.literal("run.parked"),
    /** The question that waits for a person. */
    approvalId: z.string(),
    /** The rule that asks, `mcp/elicitation` where a server does; earlier logs do not say. */
    ruleId: z.string().exactOptional(),
    /** The call that policy asked about; the one that an answer lets go on has another. */
    callId: z.string().exactOptional(),
    toolName: z.string(),
    message: z.string(),
  }),
  z.object({
    ...stored,
    ...scoped,
    type: z.literal("agent.stopped"),
    stop,
    summary: z.string(),
    /** What its work is worth by its own definition; the run's own agent is told of by the run's end. */
    outcome: outcome.exactOptional(),
    /** What it and those below it used; the run's own agent is told of by the run's end. */
    totals: totals.exactOptional(),
  }),
  z.object({
    ...stored,
    type: z.literal("verification.completed"),
    /** Null where the verifier gave no verdict; `error` then says why. */
    reward: z.number().nullable(),
    passed: z.boolean(),
    durationMs: z.number().nonnegative(),
    output: z.string(),
    error: errorData.exactOptional(),
  }),
  z.object({
    ...stored,
    /** An attempt failed that the settings let be made again one tier up, in a run of its own. */
    type: z.literal("escalation.decided"),
    ...escalation,
  }),
  z.object({ ...stored, ...scoped, type: z.literal("budget.reached"), ...budgetReached }),
  z.object({
    ...stored,
    type: z.literal("run.finished"),
    outcome,
    stop,
    summary: z.string(),
    /** The agent's answer as data, where its definition asks for a form and the answer has it. */
    output: jsonObject.exactOptional(),
    totals,
    /** All attempts, this one last, and what they cost together; where it is not the first. */
    attempts: attempts.exactOptional(),
    filesChanged: z.array(fileChange).readonly(),
  }),
]);

/** An event that is kept. */
export type StoredEvent = z.infer<typeof storedEventSchema>;
export type RunEvent = StoredEvent | LiveEvent;
export type { LiveEvent };

type DistributeOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
/** A stored event before the log gives it its place and time. */
export type NewEvent = DistributeOmit<StoredEvent, "seq" | "runId" | "at">;
export type NewLiveEvent = DistributeOmit<LiveEvent, "runId" | "at">;

export type FromLogReason = (typeof fromLogReasons)[number];
export type StopReason = z.infer<typeof stop>;
export type StuckKind = z.infer<typeof stuckKind>;
export type RunOutcome = z.infer<typeof outcome>;
export type RunEstimate = z.infer<typeof estimate>;
export type AttemptSummary = z.infer<typeof attemptSummary>;
export type RunRouting = z.infer<typeof routing>;
export type RunTotals = z.infer<typeof totals>;
export type FileChange = z.infer<typeof fileChange>;
export type EventDecision = z.infer<typeof decision>;

/** The event of one type. */
export type EventOf<T extends StoredEvent["type"]> = Extract<StoredEvent, { type: T }>;

export { storedEventSchema };
