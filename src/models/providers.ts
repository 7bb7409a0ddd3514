import { Agent33Error, unreachable } from "../base/errors.ts";
import { aiSdkModel, type LanguageModelFactory } from "./ai-sdk.ts";
import type { Model, ModelInfo } from "./model.ts";
import { createReplayModel, type TurnSource } from "./replay.ts";
import { loadScriptedModel } from "./scripted.ts";
import { parseModelSpec, type ParsedModelSpec, type ProviderName, vendorOf } from "./spec.ts";

/** Providers that need a key: the environment variable that usually holds it, and their address. */
export const hostedProviders = {
  anthropic: { keyVariable: "ANTHROPIC_API_KEY", baseUrl: "https://api.anthropic.com/v1" },
  openai: { keyVariable: "OPENAI_API_KEY", baseUrl: "https://api.openai.com/v1" },
  google: {
    keyVariable: "GOOGLE_GENERATIVE_AI_API_KEY",
    baseUrl: "https://generativelanguage.googleapis.com/v1beta",
  },
} as const satisfies Partial<Record<ProviderName, unknown>>;
type HostedProvider = keyof typeof hostedProviders;

/** The environment variable in which a provider's key is looked for, if it needs one. */
export function keyVariableOf(provider: string): string | undefined {
  return hostedProviderOf(provider)?.keyVariable;
}

function hostedProviderOf(provider: string) {
  return Object.hasOwn(hostedProviders, provider)
    ? hostedProviders[provider as HostedProvider]
    : undefined;
}

/** A provider's key; a function is asked before each call, because keys are changed. */
export type ApiKey = string | (() => string | undefined);

export interface CreateModelOptions {
  /** `provider:model`, or the same taken apart. */
  readonly spec: string | ParsedModelSpec;
  /** Needed by anthropic, openai, openai-chat and google; sent to an openai-compatible server if given. */
  readonly apiKey?: ApiKey;
  /** Where an openai-compatible server is. An address inside the specification wins. */
  readonly baseUrl?: string;
  /** Whether an openai-compatible server takes `reasoning_effort`. Default false. */
  readonly acceptsEffort?: boolean;
  /** Whether an openai-compatible server takes the JSON Schema of an answer. Default false. */
  readonly acceptsSchema?: boolean;
  /** Size of the context window in tokens, where the settings say it. */
  readonly contextTokens?: number;
  /** Which repetition of a trial asks, for a script that says more than one thing. */
  readonly repetition?: number;
  /** The recorded turns that a `replay:` model answers from. */
  readonly turnAt?: TurnSource;
}

const localAddresses =
  "Ollama http://127.0.0.1:11434/v1, llama.cpp http://127.0.0.1:8080/v1, vLLM http://127.0.0.1:8000/v1";

/**
 * The model that a specification names. Only the one provider's package is loaded (about 0.1 s
 * each). Nothing is sent.
 * @throws Agent33Error `models.missing_key`, `models.missing_base_url`, `models.malformed_base_url`,
 * `models.missing_recording`, and what {@link parseModelSpec} and
 * {@link loadScriptedModel} throw
 */
export async function createModel(options: CreateModelOptions): Promise<Model> {
  const spec = typeof options.spec === "string" ? parseModelSpec(options.spec) : options.spec;
  switch (spec.provider) {
    case "scripted":
      return loadScriptedModel(spec.model, options.repetition);
    case "replay":
      if (options.turnAt === undefined) {
        throw new Agent33Error(
          "models.missing_recording",
          `There is no recording for "replay:${spec.model}".`,
          {
            hint: "Hand the recorded turns in as `turnAt`; `agent33 run --model replay:RUN` does.",
          },
        );
      }
      return createReplayModel(spec.model, options.turnAt);
    case "anthropic":
    case "openai":
    case "openai-chat":
    case "google":
    case "openai-compatible": {
      const baseUrl = baseUrlOf(spec, options.baseUrl);
      const apiKey = keySource(spec, options.apiKey);
      const info = {
        provider: vendorOf(spec.provider),
        model: spec.model,
        baseUrl,
        ...(options.contextTokens === undefined ? {} : { contextTokens: options.contextTokens }),
      } satisfies ModelInfo;
      return aiSdkModel({
        info,
        create: await packages[spec.provider](spec.model, baseUrl, apiKey),
        ...(options.acceptsEffort === undefined ? {} : { acceptsEffort: options.acceptsEffort }),
        ...(options.acceptsSchema === undefined ? {} : { acceptsSchema: options.acceptsSchema }),
      });
    }
    default:
      return unreachable(spec.provider);
  }
}

/**
 * Where a provider's requests go, checked.
 * @throws Agent33Error `models.missing_base_url`, `models.malformed_base_url`
 */
export function baseUrlOf(spec: ParsedModelSpec, configured: string | undefined): string {
  const url =
    spec.baseUrl ??
    configured ??
    // Always given to the package, which would look into the environment otherwise.
    hostedProviderOf(vendorOf(spec.provider))?.baseUrl;
  if (url === undefined || url.trim() === "") {
    throw new Agent33Error(
      "models.missing_base_url",
      `Nobody said where the server for "${spec.provider}:${spec.model}" is.`,
      {
        hint: `Set its baseUrl, or write ${spec.provider}:${spec.model}@URL. Usual addresses: ${localAddresses}.`,
      },
    );
  }
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed !== undefined && (parsed.username !== "" || parsed.password !== "")) {
    // Base URLs are written to logs and messages.
    throw new Agent33Error(
      "models.malformed_base_url",
      `The base URL of "${spec.provider}:${spec.model}" holds a user name or a password.`,
      { hint: "Take them out of the URL and give the key in the settings or the environment." },
    );
  }
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    throw new Agent33Error(
      "models.malformed_base_url",
      `The base URL "${url}" of "${spec.provider}:${spec.model}" is not an http or https URL.`,
      { hint: `Usual addresses: ${localAddresses}.` },
    );
  }
  return url.replace(/\/+$/, "");
}

type PackagedProvider = HostedProvider | "openai-chat" | "openai-compatible";

/** One provider's package, loaded when it is asked for, as a maker of models around a fetch. */
const packages: Readonly<
  Record<
    PackagedProvider,
    (model: string, baseURL: string, apiKey: () => string) => Promise<LanguageModelFactory>
  >
> = {
  anthropic: async (model, baseURL, apiKey) => {
    const { createAnthropic } = await import("@ai-sdk/anthropic");
    return (fetch) => createAnthropic({ baseURL, apiKey: apiKey(), fetch })(model);
  },
  openai: async (model, baseURL, apiKey) => {
    const { createOpenAI } = await import("@ai-sdk/openai");
    return (fetch) => createOpenAI({ baseURL, apiKey: apiKey(), fetch }).responses(model);
  },
  "openai-chat": async (model, baseURL, apiKey) => {
    const { createOpenAI } = await import("@ai-sdk/openai");
    return (fetch) => createOpenAI({ baseURL, apiKey: apiKey(), fetch }).chat(model);
  },
  google: async (model, baseURL, apiKey) => {
    const { createGoogle } = await import("@ai-sdk/google");
    return (fetch) => createGoogle({ baseURL, apiKey: apiKey(), fetch })(model);
  },
  "openai-compatible": async (model, baseURL, apiKey) => {
    const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
    return (fetch) => {
      const key = apiKey();
      return createOpenAICompatible({
        // The package writes metadata of parts under this name. Under its default name it would
        // also copy it into the messages that it sends, where strict servers refuse it.
        name: "compatible",
        baseURL,
        fetch,
        includeUsage: true,
        // Asked for only where the settings say that the server takes it.
        supportsStructuredOutputs: true,
        transformRequestBody: withBothReasonings,
        ...(key === "" ? {} : { apiKey: key }),
      })(model);
    };
  },
};

/**
 * Servers disagree about the name under which thinking is given back: llama.cpp takes the package's
 * `reasoning_content`, Ollama `reasoning`, vLLM has changed from one to the other. A name that a
 * server does not know it passes over.
 */
function withBothReasonings(body: Record<string, unknown>): Record<string, unknown> {
  const messages = body["messages"];
  if (!Array.isArray(messages)) return body;
  return { ...body, messages: messages.map(withBoth) };
}

function withBoth(message: Record<string, unknown>): Record<string, unknown> {
  const { reasoning_content: reasoning } = message;
  return reasoning === undefined ? message : { ...message, reasoning };
}

/** Where a provider's key comes from, once it is there. @throws Agent33Error `models.missing_key`, and later */
export function keySource(spec: ParsedModelSpec, key: ApiKey | undefined): () => string {
  const source = () => keyOf(spec, typeof key === "function" ? key() : key);
  source();
  return source;
}

/** @throws Agent33Error `models.missing_key` */
function keyOf(spec: ParsedModelSpec, key: string | undefined): string {
  const variable = keyVariableOf(vendorOf(spec.provider));
  if (variable === undefined) return key ?? "";
  if (key !== undefined && key !== "") return key;
  throw new Agent33Error(
    "models.missing_key",
    `There is no API key for "${spec.provider}:${spec.model}".`,
    {
      hint: `Set ${variable} in the environment.`,
      details: { provider: spec.provider, variable },
    },
  );
}
