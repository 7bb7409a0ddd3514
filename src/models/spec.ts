import { Agent33Error } from "../base/errors.ts";
import { suggestName } from "../base/nearest.ts";
import type { ModelSpec } from "./model.ts";

/** Every word that may stand before the colon of a model specification. */
export const providerNames = [
  "anthropic",
  "openai",
  "openai-chat",
  "google",
  "openai-compatible",
  "scripted",
  "replay",
] as const;
export type ProviderName = (typeof providerNames)[number];

/** Who serves a model, whichever of its interfaces is used: policies, prices and keys go by it. */
export type Vendor = Exclude<ProviderName, "openai-chat">;

/** Who stands behind the first word of a specification. */
export function vendorOf(provider: ProviderName): Vendor {
  return provider === "openai-chat" ? "openai" : provider;
}

/** A model specification taken apart. */
export interface ParsedModelSpec extends ModelSpec {
  readonly provider: ProviderName;
  /** Where its requests go, if the specification itself says so. */
  readonly baseUrl?: string;
}

const example = 'Write provider:model, for example "openai:gpt-5" or "scripted:turns.yaml".';

/**
 * Takes `provider:model` apart: `anthropic:…`, `openai:…` (the Responses API), `openai-chat:…` (Chat
 * Completions), `google:…`, `openai-compatible:…`, `scripted:FILE`, `replay:RUN`. Only the first
 * colon separates, because the names of local models have colons of their own. `…:MODEL@URL` also
 * says where the server is; the last `@` before a URL separates, because model names may hold one
 * too.
 * @throws Agent33Error `models.malformed_spec`, `models.unknown_provider`
 */
export function parseModelSpec(text: string): ParsedModelSpec {
  const colon = text.indexOf(":");
  if (colon <= 0) throw malformed(text, "it names no provider", example);
  const provider = text.slice(0, colon).trim();
  if (!isProviderName(provider)) {
    throw new Agent33Error(
      "models.unknown_provider",
      `There is no model provider "${provider}" (in "${text}").`,
      { hint: suggestName(provider, providerNames) },
    );
  }
  const rest = text.slice(colon + 1).trim();
  if (provider === "scripted" || provider === "replay") {
    if (rest === "") throw malformed(text, "it names no model", example);
    return { provider, model: rest };
  }
  const inline = /^(?<model>.*)@(?<url>https?:\/\/.*)$/.exec(rest)?.groups;
  const model = (inline?.["model"] ?? rest).trim();
  if (model === "") throw malformed(text, "it names no model", example);
  if (inline?.["url"] === undefined) return { provider, model };
  return { provider, model, baseUrl: checkedUrl(inline["url"], text) };
}

function isProviderName(name: string): name is ProviderName {
  return (providerNames as readonly string[]).includes(name);
}

function checkedUrl(url: string, text: string): string {
  if (!URL.canParse(url)) {
    throw malformed(text, `"${url}" is not a URL`, "Write it like http://127.0.0.1:11434/v1.");
  }
  const { username, password } = new URL(url);
  if (username !== "" || password !== "") {
    // The specification is written to the run's log. The message must not repeat it.
    throw malformed(
      text.replace(/\/\/.*@/, "//…@"),
      "the URL holds a user name or a password",
      "Take them out of the URL and give the key in the settings or the environment.",
    );
  }
  return url;
}

function malformed(text: string, why: string, hint: string): Agent33Error {
  return new Agent33Error(
    "models.malformed_spec",
    `The model specification "${text}" cannot be used: ${why}.`,
    { hint },
  );
}
