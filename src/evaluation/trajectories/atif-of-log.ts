import type { AssistantPart } from "../../base/message.ts";
import { Agent33Error } from "../../base/errors.ts";
import { isJsonObject, type JsonObject } from "../../base/json.ts";
import { attempt } from "../../base/result.ts";
import type { EventOf, StoredEvent } from "../../events/event.ts";
import { atifVersion, readTrajectory, type Trajectory, type TrajectoryStep } from "./atif.ts";

type Started = EventOf<"run.started">;
type NewStep = Omit<TrajectoryStep, "step_id">;
type Results = NonNullable<TrajectoryStep["observation"]>["results"];

/**
 * A run's log as a trajectory in ATIF v1.7: a step for each thing said and each turn, with what came
 * of its calls; agents that work was handed to are embedded. Of hidden tests only the reward is told.
 * @throws Agent33Error `evaluation.no_trajectory` where the log has no beginning
 */
export function atifOfLog(events: readonly StoredEvent[]): Trajectory {
  const started = events.find((event) => event.type === "run.started");
  if (started === undefined) {
    throw new Agent33Error("evaluation.no_trajectory", "The log has no beginning.", {
      hint: "Give the whole log of a run, from its first event.",
    });
  }
  const groups = Map.groupBy(events, pathOf);
  const trajectory = trajectoryOf(started, groups, undefined, started.agent);
  // What is written holds to the rules that are asked of what is read.
  return readTrajectory(trajectory, `The trajectory of run ${started.runId}`);
}

/** Whose event it is; the beginning of another agent is told by that agent's own path. */
function pathOf(event: StoredEvent): string | undefined {
  return "agentPath" in event ? event.agentPath : undefined;
}

type Groups = ReadonlyMap<string | undefined, readonly StoredEvent[]>;

function trajectoryOf(
  started: Started,
  groups: Groups,
  path: string | undefined,
  agent: string,
): Trajectory {
  const own = groups.get(path) ?? [];
  const children = [...groups].flatMap(([child, events]) => {
    if (child === undefined || parentOf(child) !== path) return [];
    const begun = events.find((event) => event.type === "agent.started");
    return [trajectoryOf(started, groups, child, begun?.agent ?? "unknown")];
  });
  const steps = stepsOf(started, groups, path);
  const [name = agent, version = "unknown"] = agent.split("@");
  const finished = own.find((event) => event.type === "run.finished");
  const stopped = own.find((event) => event.type === "agent.stopped");
  const verified = own.find((event) => event.type === "verification.completed");
  const totals = finished?.totals ?? stopped?.totals;
  return {
    schema_version: atifVersion,
    session_id: started.runId,
    trajectory_id: idOf(started.runId, path),
    agent: {
      name,
      version: path === undefined ? (started.agentVersion ?? version) : version,
      model_name: started.model,
      extra: { policy: started.policy },
    },
    steps: steps.map((step, index) => ({ step_id: index + 1, ...step })),
    ...(totals === undefined
      ? {}
      : {
          final_metrics: {
            total_prompt_tokens: totals.inputTokens,
            total_completion_tokens: totals.outputTokens,
            total_cached_tokens: totals.cachedInputTokens,
            // A sum without what has no price would be too small.
            ...(totals.unpricedCalls > 0
              ? {}
              : { total_cost_usd: totals.costMicroUsd / 1_000_000 }),
            total_steps: steps.length,
            extra: { failed_tokens: totals.failedTokens, unpriced_calls: totals.unpricedCalls },
          },
        }),
    extra: {
      outcome: finished?.outcome ?? stopped?.outcome ?? null,
      stop: (finished ?? stopped)?.stop.reason ?? null,
      ...(verified === undefined ? {} : { reward: verified.reward }),
    },
    ...(children.length === 0 ? {} : { subagent_trajectories: children }),
  };
}

const idOf = (runId: string, path: string | undefined): string =>
  path === undefined ? runId : `${runId}/${path}`;

function parentOf(path: string): string | undefined {
  const end = path.lastIndexOf("/");
  return end === -1 ? undefined : path.slice(0, end);
}

function stepsOf(started: Started, groups: Groups, path: string | undefined): readonly NewStep[] {
  const own = groups.get(path) ?? [];
  const steps: NewStep[] = [];
  const turns = new Map<number, { readonly calls: readonly string[]; readonly results: Results }>();
  const system = (event: StoredEvent, message: string, extra: JsonObject = {}): void => {
    steps.push({
      timestamp: iso(event.at),
      source: "system",
      message,
      extra: { type: event.type, ...extra },
    });
  };
  for (const event of own) {
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- what is no step is left out
    switch (event.type) {
      case "message.user":
        steps.push({
          timestamp: iso(event.at),
          // What an agent is given to do is its user's word, whoever wrote it.
          source: event.from === "engine" && steps.length > 0 ? "system" : "user",
          message: event.text,
          ...(event.from === undefined ? {} : { extra: { from: event.from } }),
        });
        break;
      case "turn.completed": {
        const calls = toolCallsOf(event);
        const results: Results = [];
        turns.set(event.turn, { calls: calls.map(({ tool_call_id: id }) => id), results });
        steps.push({
          timestamp: iso(event.at),
          source: "agent",
          model_name: event.model ?? started.model,
          reasoning_effort: event.effort,
          message: textOf(event.parts, "text"),
          ...(event.parts.some(({ type }) => type === "reasoning")
            ? { reasoning_content: textOf(event.parts, "reasoning") }
            : {}),
          ...(calls.length === 0 ? {} : { tool_calls: calls, observation: { results } }),
          metrics: metricsOf(event),
          llm_call_count: 1,
          extra: { finish_reason: event.finishReason, duration_ms: event.durationMs },
        });
        break;
      }
      case "tool.completed": {
        const turn = turns.get(event.turn);
        const child = `${path === undefined ? "" : `${path}/`}${event.turn}.${event.index}`;
        turn?.results.push({
          source_call_id: turn.calls[event.index] ?? null,
          content: event.content,
          ...(groups.has(child)
            ? { subagent_trajectory_ref: [{ trajectory_id: idOf(started.runId, child) }] }
            : {}),
          extra: {
            is_error: event.isError,
            duration_ms: event.durationMs,
            ...(event.error === undefined ? {} : { error: event.error.code }),
            ...(event.fromLog === undefined ? {} : { from_log: event.fromLog }),
          },
        });
        break;
      }
      case "turn.failed":
        system(event, `${event.error.code}: ${event.error.message}`, { tokens: event.tokens });
        break;
      case "context.compacted":
        steps.push({
          timestamp: iso(event.at),
          source: "system",
          message: "The model is shown less of what came before.",
          ...(event.summary === undefined
            ? {}
            : { observation: { results: [{ content: event.summary.text }] } }),
          extra: {
            type: event.type,
            // Later turns are still shown, so that a summary does not replace all before it.
            context_management: {
              type: event.summary === undefined ? "pruning" : "compaction",
              boundary: "truncate",
            },
          },
        });
        break;
      case "stuck.noticed":
        system(event, event.text, { kind: event.kind });
        break;
      case "check.completed":
        system(event, event.passed ? "The check passed." : "The check failed.", {
          attempt: event.attempt,
        });
        break;
      case "model.fell_back":
        system(event, `${event.from} could not answer; ${event.to ?? "no other model"} was asked.`);
        break;
      default:
        break;
    }
  }
  // A run that was only just begun has said nothing but its task.
  return steps.length === 0 ? [{ source: "user", message: started.task }] : steps;
}

const iso = (at: number): string => new Date(at).toISOString();

function textOf(parts: readonly AssistantPart[], type: "text" | "reasoning"): string {
  return parts.flatMap((part) => (part.type === type ? [part.text] : [])).join("\n\n");
}

/** Providers' ids may be missing or come twice; within a step each names one call. */
function toolCallsOf({ parts, turn }: EventOf<"turn.completed">) {
  const taken = new Set<string>();
  return parts
    .filter((part) => part.type === "tool_call")
    .map((part, index) => {
      const own = part.toolCallId !== "" && !taken.has(part.toolCallId);
      const id = own ? part.toolCallId : `call_${turn}_${index}`;
      taken.add(id);
      const parsed = attempt<unknown>(() => JSON.parse(part.argumentsText || "{}"));
      const known = parsed.ok && isJsonObject(parsed.value);
      return {
        tool_call_id: id,
        function_name: part.toolName,
        arguments: known && isJsonObject(parsed.value) ? parsed.value : {},
        ...(known ? {} : { extra: { malformed_arguments: part.argumentsText } }),
      };
    });
}

function metricsOf({ usage, costMicroUsd }: EventOf<"turn.completed">) {
  return {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    cached_tokens: usage.cachedInputTokens,
    ...(costMicroUsd === null ? {} : { cost_usd: costMicroUsd / 1_000_000 }),
    extra: { reasoning_tokens: usage.reasoningTokens, estimated: usage.estimated },
  };
}
