import { Agent33Error, type ErrorData, toAgent33Error } from "../base/errors.ts";
import { suggestName } from "../base/nearest.ts";
import type { Redactor } from "../base/redact.ts";
import { attempt } from "../base/result.ts";
import type { Boundary } from "../boundary/boundary.ts";
import type { PolicyDecider } from "../boundary/types.ts";
import type { ProviderKey } from "../config/secrets.ts";
import type { Settings } from "../config/schema.ts";
import { type ListingVendor, modelListSpec } from "../connectors/models/model-list.ts";
import type { Model, ModelInfo } from "../models/model.ts";
import { loadPrices, type Prices } from "../models/prices.ts";
import { baseUrlOf } from "../models/providers.ts";
import { parseModelSpec, vendorOf } from "../models/spec.ts";
import type { Asker } from "./asker.ts";
import type { Host } from "./host.ts";
import { redactError } from "./redact-event.ts";

/** A model that runs may ask, and how it stands with it. */
export interface ModelStanding {
  /** Its specification. */
  readonly name: string;
  /** Where the settings name it: `model`, `routing.tiers.low`, `fallbacks`. */
  readonly namedIn: readonly string[];
  readonly baseUrl: string | null;
  /** The variable that its key is read from, where it needs one, and whether there is one. */
  readonly key: { readonly variable: string; readonly isSet: boolean } | null;
  readonly contextTokens: number | null;
  /** In micro-USD a million tokens; null is unpriced, never free. */
  readonly price: {
    readonly inputMicroUsd: number;
    readonly outputMicroUsd: number;
    readonly source: string;
  } | null;
  /** Those that stand in for it. */
  readonly fallbacks: readonly string[];
  /** Why it cannot be asked, if it cannot. */
  readonly problem: ErrorData | null;
}

/** What came of looking for a model where it is served. */
export interface ModelCheck {
  readonly name: string;
  readonly baseUrl: string | null;
  readonly state: "ok" | "failed" | "not checked";
  readonly detail: string;
  readonly error: ErrorData | null;
}

/** The models of the settings, or those of these specifications. */
export interface Models {
  /** Nothing is called. */
  list(names?: readonly string[]): Promise<readonly ModelStanding[]>;
  /**
   * Asks each one's provider which models it has: governed calls that cost nothing.
   * @param by whose calls they are; default: the settings' user
   */
  check(names?: readonly string[], by?: Asker): Promise<readonly ModelCheck[]>;
}

export interface ModelsParts {
  readonly settings: Settings;
  readonly host: Host;
  readonly boundary: Boundary;
  readonly policy: () => PolicyDecider;
  readonly redactor: Redactor;
  /** As they are now. */
  readonly keys: () => readonly ProviderKey[];
  readonly model: (spec: {
    readonly model: string;
    readonly baseUrl: string | null;
  }) => Promise<Model>;
}

const million = 1_000_000;

export function createModels(parts: ModelsParts): Models {
  const { settings, host, boundary, keys } = parts;
  const named = namesIn(settings);
  const chosen = (names: readonly string[] = []): readonly string[] =>
    names.length > 0 ? names : [...named.keys()];
  const opened = (name: string) => parts.model({ model: name, baseUrl: settings.baseUrl ?? null });
  const said = (thrown: unknown): ErrorData =>
    redactError(toAgent33Error(thrown).toJSON(), parts.redactor);

  const standing = async (name: string, prices: Prices): Promise<ModelStanding> => {
    const { info, problem } = await opened(name).then(
      (model) => ({ info: model.info, problem: null }),
      // What it costs is known although its key is missing.
      (thrown: unknown) => ({ info: infoIn(name, settings.baseUrl), problem: said(thrown) }),
    );
    const found = keys().find(({ provider }) => provider === vendorIn(name));
    // A server that imitates a provider mostly wants none.
    const optional = found?.provider === "openai-compatible" && found.value === undefined;
    const key = optional ? undefined : found;
    return {
      name,
      namedIn: named.get(name) ?? [],
      baseUrl: info?.baseUrl ?? null,
      key: key === undefined ? null : { variable: key.variable, isSet: key.value !== undefined },
      contextTokens: (info === undefined ? undefined : prices.contextTokens(info)) ?? null,
      price: info === undefined ? null : priceOf(info, prices),
      fallbacks: settings.fallbacks[name] ?? [],
      problem,
    };
  };

  const check = async (name: string, by?: Asker): Promise<ModelCheck> => {
    let baseUrl: string | null = null;
    const told = (state: ModelCheck["state"], detail: string, error: ErrorData | null = null) => {
      return { name, baseUrl, state, detail, error };
    };
    try {
      const { info } = await opened(name);
      if (info.baseUrl === undefined) {
        return told("not checked", "No model is called: the turns are written down.");
      }
      baseUrl = info.baseUrl;
      const vendor = info.provider as ListingVendor;
      const spec = modelListSpec(vendor, () => host.clock.now());
      const apiKey = keys().find(({ provider }) => provider === vendor)?.value ?? "";
      const place = { baseUrl, apiKey };
      const principal = { tenant: settings.tenant, user: settings.user, ...by };
      const { effect, ruleId } = parts.policy().decide(spec.facts(place), spec.id, principal);
      if (effect === "ask") return told("not checked", `Policy asks a person first (${ruleId}).`);
      const served = await boundary.connector(spec).call(place, { principal });
      if (!isServed(info.model, served)) throw notServed(name, info.model, baseUrl, served);
      return told("ok", `${baseUrl} has it, among ${served.length} models`);
    } catch (thrown) {
      const error = said(thrown);
      return told("failed", error.message, error);
    }
  };

  return {
    list: async (names) => {
      const prices = await loadPrices({ clock: host.clock, overrides: settings.prices });
      return Promise.all(chosen(names).map((name) => standing(name, prices)));
    },
    check: (names, by) => Promise.all(chosen(names).map((name) => check(name, by))),
  };
}

/** Every model that the settings name, and where. */
function namesIn(settings: Settings): ReadonlyMap<string, readonly string[]> {
  const named = new Map<string, string[]>();
  const add = (name: string | undefined, where: string): void => {
    if (name === undefined) return;
    const places = named.get(name) ?? [];
    if (!places.includes(where)) places.push(where);
    named.set(name, places);
  };
  add(settings.model, "model");
  for (const [tier, { model }] of Object.entries(settings.routing.tiers)) {
    add(model, `routing.tiers.${tier}`);
  }
  for (const [name, others] of Object.entries(settings.fallbacks)) {
    for (const one of [name, ...others]) add(one, "fallbacks");
  }
  return named;
}

function vendorIn(name: string): string | undefined {
  const parsed = attempt(() => parseModelSpec(name));
  return parsed.ok ? vendorOf(parsed.value.provider) : undefined;
}

/** What a specification says of a model that cannot be had. */
function infoIn(name: string, baseUrl: string | undefined): ModelInfo | undefined {
  const known = attempt((): ModelInfo => {
    const parsed = parseModelSpec(name);
    const { provider, model } = parsed;
    const configured = provider === "openai-compatible" ? baseUrl : undefined;
    return { provider: vendorOf(provider), model, baseUrl: baseUrlOf(parsed, configured) };
  });
  return known.ok ? known.value : undefined;
}

function priceOf(info: ModelInfo, prices: Prices): ModelStanding["price"] {
  const usage = { cachedInputTokens: 0, reasoningTokens: 0, estimated: true };
  const input = prices.costMicroUsd(info, { ...usage, inputTokens: million, outputTokens: 0 });
  const output = prices.costMicroUsd(info, { ...usage, inputTokens: 0, outputTokens: million });
  const source = prices.sourceOf(info);
  if (input === undefined || output === undefined || source === undefined) return null;
  return { inputMicroUsd: input, outputMicroUsd: output, source };
}

/** Ollama lists a model without a tag as its newest. */
function isServed(model: string, served: readonly string[]): boolean {
  return served.includes(model) || served.includes(`${model}:latest`);
}

function notServed(
  name: string,
  model: string,
  baseUrl: string,
  served: readonly string[],
): Agent33Error {
  return new Agent33Error(
    "models.not_served",
    `${baseUrl} has no model "${model}" (of "${name}").`,
    {
      hint:
        served.length === 0
          ? "It has no models at all. Load one there."
          : suggestName(model, served.slice(0, 200)),
    },
  );
}
