import { resolve } from "node:path";
import { pathOf } from "../agents/scope.ts";
import { Agent33Error } from "../base/errors.ts";
import type { StoredEvent } from "../events/event.ts";
import type { Model, ModelTurn } from "../models/model.ts";
import type { TurnSource } from "../models/replay.ts";
import { createModel } from "../models/providers.ts";
import { parseModelSpec } from "../models/spec.ts";

export interface ModelRequestedBy {
  /** `provider:model` as the person wrote it. */
  readonly spec: string;
  readonly baseUrl: string | undefined;
  /** Whether an OpenAI-compatible server takes `reasoning_effort`. */
  readonly acceptsEffort: boolean;
  /** Whether it takes the JSON Schema of an answer. */
  readonly acceptsSchema: boolean;
  /** Folder that relative script paths start from. */
  readonly cwd: string;
}

export interface ModelSources {
  /** A provider's key, if there is one. */
  key(provider: string): string | undefined;
  /** The log of an earlier run, by the beginning of its id. */
  log(runId: string): Promise<readonly StoredEvent[]>;
}

/**
 * The model that a string names.
 * @throws Agent33Error `models.*` for unknown providers, missing keys and addresses, bad scripts
 */
export async function openModel(request: ModelRequestedBy, sources: ModelSources): Promise<Model> {
  const parsed = parseModelSpec(request.spec);
  const apiKey = sources.key(parsed.provider);
  const { acceptsEffort, acceptsSchema, baseUrl, cwd } = request;
  return createModel({
    spec:
      parsed.provider === "scripted" ? { ...parsed, model: resolve(cwd, parsed.model) } : parsed,
    acceptsEffort,
    acceptsSchema,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(parsed.provider === "replay"
      ? { turnAt: recordedTurns(await sources.log(parsed.model), parsed.model) }
      : {}),
  });
}

/** Finds the answers of a recorded run: the turns of its agents, and what the judge said. */
function recordedTurns(events: readonly StoredEvent[], runId: string): TurnSource {
  const turns = events.filter((event) => event.type === "turn.completed");
  const byAgent = Map.groupBy(turns, pathOf);
  const judgements = said(events, "judge.completed");
  const summaries = said(events, "condense.completed");
  if (turns.length > 0) {
    return (index, path, kind) => {
      if (kind === "judgement") return judgements[index];
      if (kind === "summary") return summaries[index];
      return byAgent.get(path)?.[index] as ModelTurn | undefined;
    };
  }
  throw new Agent33Error("models.nothing_to_replay", `Run ${runId} has no model turns to replay.`, {
    hint: "Choose a run that got an answer from its model: `agent33 runs list`.",
  });
}

/** What the model said beside the turns of the agents. */
function said(
  events: readonly StoredEvent[],
  type: "judge.completed" | "condense.completed",
): readonly ModelTurn[] {
  return events.flatMap((event): readonly ModelTurn[] =>
    event.type === type
      ? [{ parts: [{ type: "text", text: event.text }], usage: event.usage, finishReason: "stop" }]
      : [],
  );
}
