import { resolve } from "node:path";
import { pathOf } from "../agents/scope.ts";
import { Agent33Error, toAgent33Error } from "../base/errors.ts";
import type { Config } from "../config/config.ts";
import type { Settings } from "../config/schema.ts";
import type { EventOf, StoredEvent } from "../events/event.ts";
import type { Model, ModelTurn } from "../models/model.ts";
import type { TurnSource } from "../models/replay.ts";
import { createModel } from "../models/providers.ts";
import { parseModelSpec, vendorOf } from "../models/spec.ts";
import type { RunSpec } from "./run-spec.ts";

export interface ModelRequestedBy {
  /** `provider:model` as the person wrote it. */
  readonly spec: string;
  /** Where the OpenAI-compatible server is, unless the specification says it. */
  readonly baseUrl: string | undefined;
  /** Whether an OpenAI-compatible server takes `reasoning_effort`. */
  readonly acceptsEffort: boolean;
  /** Whether it takes the JSON Schema of an answer. */
  readonly acceptsSchema: boolean;
  /** Folder that relative script paths start from. */
  readonly cwd: string;
  /** Which repetition of a trial asks, for a script that says more than one thing. */
  readonly repetition?: number | undefined;
}

export interface ModelSources {
  /** A provider's key as it is now, if there is one. */
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
  const vendor = vendorOf(parsed.provider);
  const { acceptsEffort, acceptsSchema, cwd, repetition } = request;
  // It is where the openai-compatible server is; no other provider's key is to be sent there.
  const baseUrl = parsed.provider === "openai-compatible" ? request.baseUrl : undefined;
  return createModel({
    spec:
      parsed.provider === "scripted" ? { ...parsed, model: resolve(cwd, parsed.model) } : parsed,
    acceptsEffort,
    acceptsSchema,
    ...(repetition === undefined ? {} : { repetition }),
    apiKey: () => sources.key(vendor),
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(parsed.provider === "replay"
      ? { turnAt: recordedTurns(await sources.log(parsed.model), parsed.model) }
      : {}),
  });
}

/**
 * Holds an address that was asked for by a flag against the models that it is for.
 * @throws Agent33Error `models.base_url_unused` where neither the model nor one that stands in for it
 * is an OpenAI-compatible server's
 */
export function refuseUnusedAddress({ settings, originOf }: Config, model: string): void {
  if (settings.baseUrl === undefined || originOf("baseUrl").layer !== "flag") return;
  const asked = [model, ...(settings.fallbacks[model] ?? [])];
  if (asked.some((name) => parseModelSpec(name).provider === "openai-compatible")) return;
  throw new Agent33Error(
    "models.base_url_unused",
    `--base-url is where an OpenAI-compatible server is, and "${model}" is not one's.`,
    { hint: `Leave it out, or say where this model is served: ${model}@${settings.baseUrl}` },
  );
}

/** What a run's models are opened from. */
export interface OpenersParts extends ModelSources {
  readonly settings: Settings;
  readonly cwd: string;
}

type NamedSpec = Pick<RunSpec, "model" | "baseUrl" | "trial">;

/** Opens the model of a run, and those that stand in for it, as the settings have them. */
export function modelOpeners({ settings, cwd, ...sources }: OpenersParts): {
  readonly model: (spec: NamedSpec) => Promise<Model>;
  readonly fallbacks: (spec: NamedSpec) => Promise<readonly NamedModel[]>;
} {
  const { acceptsEffort, acceptsSchema } = settings;
  const requestOf = ({ model, baseUrl, trial }: NamedSpec): ModelRequestedBy => {
    const asked = { acceptsEffort, acceptsSchema, cwd, repetition: trial?.repetition };
    return { ...asked, spec: model, baseUrl: baseUrl ?? undefined };
  };
  return {
    model: (spec) => openModel(requestOf(spec), sources),
    fallbacks: (spec) => openFallbacks(requestOf(spec), sources, settings.fallbacks),
  };
}

/** A model, and its specification as it was written. */
export interface NamedModel {
  readonly name: string;
  readonly model: Model;
}

/**
 * Those that stand in for a model, in their order. Each is made beforehand: what one of them lacks
 * is said before the run begins, and not when it is needed.
 * @param fallbacks the settings' lists, by the specification of the model
 * @throws Agent33Error `models.unusable_fallback`
 */
async function openFallbacks(
  request: ModelRequestedBy,
  sources: ModelSources,
  fallbacks: Readonly<Record<string, readonly string[]>>,
): Promise<readonly NamedModel[]> {
  // A list holds for a model wherever it is served, unless there is one for this very address.
  const names = fallbacks[request.spec] ?? fallbacks[withoutAddress(request.spec)] ?? [];
  return Promise.all(
    names.map(async (name) => {
      try {
        return { name, model: await openModel({ ...request, spec: name }, sources) };
      } catch (cause) {
        const error = toAgent33Error(cause);
        throw new Agent33Error(
          "models.unusable_fallback",
          `"${name}" cannot stand in for "${request.spec}": ${error.message}`,
          {
            hint: `${error.hint ?? "Look at how it is written."} Or take it out of the setting fallbacks.`,
            cause,
          },
        );
      }
    }),
  );
}

function withoutAddress(spec: string): string {
  return spec.replace(/@https?:\/\/.*$/, "");
}

/** Finds the answers of a recorded run: the turns of its agents, and what the judge said. */
function recordedTurns(events: readonly StoredEvent[], runId: string): TurnSource {
  const turns = events.filter((event) => event.type === "turn.completed");
  const byAgent = Map.groupBy(turns, pathOf);
  const judgements = said(events, "judge.completed");
  const summaries = said(events, "condense.completed");
  const matchings = said(events, "matching.completed");
  if (turns.length > 0) {
    return (index, path, kind) => {
      if (kind === "judgement") return judgements(index, path);
      if (kind === "summary") return summaries(index, path);
      // The one about skills is the run's, whoever of it is asked for.
      if (kind === "matching") return matchings(index, undefined);
      return byAgent.get(path)?.[index] as ModelTurn | undefined;
    };
  }
  throw new Agent33Error("models.nothing_to_replay", `Run ${runId} has no model turns to replay.`, {
    hint: "Choose a run that got an answer from its model: `agent33 runs list`.",
  });
}

type SaidType = "judge.completed" | "condense.completed" | "matching.completed";

/** What the model said beside the turns of an agent. */
function said(
  events: readonly StoredEvent[],
  type: SaidType,
): (index: number, path: string | undefined) => ModelTurn | undefined {
  const byAgent = Map.groupBy(
    events.filter((event): event is EventOf<SaidType> => event.type === type),
    pathOf,
  );
  return (index, path) => {
    const answer = byAgent.get(path)?.[index];
    if (answer === undefined) return undefined;
    const { text, usage } = answer;
    return { parts: [{ type: "text", text }], usage, finishReason: "stop" };
  };
}
