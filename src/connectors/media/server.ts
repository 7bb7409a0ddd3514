import { z } from "zod";
import type { Spend } from "../../boundary/types.ts";
import { addressField } from "../http/fields.ts";
import { urlFacts } from "../http/url-facts.ts";
import { networkError } from "../http/errors.ts";
import { exchangeJson, type RefusalWords } from "../http/exchange.ts";
import { addressBelow } from "../http/base-url.ts";
import type { ConnectorParts, OpenedConnector } from "../kind.ts";
import type { ToolOutput } from "../../tools/tool.ts";

/** What all settings of media services have. */
export interface MediaServerSettings {
  readonly baseUrl: string;
  readonly tokenVariable?: string;
}

/** Where an OpenAI-compatible server is, for settings. */
export const mediaBaseUrl = addressField
  .default("https://api.openai.com/v1")
  .describe("address of an OpenAI-compatible server, with its /v1");

export const mediaToken = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "Must be the name of an environment variable")
  .exactOptional()
  .describe("environment variable that holds the server's key; a server of your own may need none");

/** An OpenAI-compatible server, as the connectors for media ask it. */
export function mediaServer(
  { baseUrl, tokenVariable }: MediaServerSettings,
  parts: ConnectorParts,
) {
  const { host: who } = new URL(baseUrl);
  const headers: Readonly<Record<string, string>> =
    tokenVariable === undefined ? {} : { authorization: `Bearer ${parts.secret(tokenVariable)}` };
  return {
    who,
    headers,
    place: urlFacts(baseUrl),
    url: (path: string): URL => addressBelow(baseUrl, path),
    now: () => parts.now(),
    hint: hintOf,
    explain,
    mapError: (error: unknown) => networkError(who, error),
  };
}
export type MediaServer = ReturnType<typeof mediaServer>;

/** Asks for the server's models, and looks for those in the settings. */
export function mediaCheck(
  id: string,
  server: MediaServer,
  models: readonly string[],
): OpenedConnector["check"] {
  return {
    id,
    facts: () => ({ operation: "check", effect: "read", repeat: "safe", ...server.place }),
    run: async (context) => {
      const { who, headers, hint } = server;
      const request = { who, url: server.url("models"), headers, answer: modelList, hint, explain };
      const { data } = await exchangeJson(context, request, server.now);
      const missing = models.filter((model) => !data.some(({ id: known }) => known === model));
      return missing.length === 0
        ? `${who} has ${models.join(", ")}`
        : `${who} answers, and does not list ${missing.join(", ")}`;
    },
    mapError: server.mapError,
    timeouts: { attemptMs: 10_000, totalMs: 10_000 },
    maxAttempts: 1,
  };
}

const modelList = z.object({ data: z.array(z.object({ id: z.string() })) });

/** Tokens that a server says a call used; a price that nobody stated is no price. */
export function measured({ structured }: ToolOutput): Spend {
  const tokens = structured?.["tokens"];
  return typeof tokens === "number" ? { tokens } : {};
}

const refusal = z.object({ error: z.object({ message: z.string() }) });

/** `{"error":{"message":"Incorrect API key provided.","type":"…","code":"…"}}` */
function explain(body: unknown): RefusalWords | undefined {
  const parsed = refusal.safeParse(body);
  return parsed.success ? { said: parsed.data.error.message } : undefined;
}

function hintOf(status: number): string | undefined {
  switch (status) {
    case 401:
    case 403:
      return "Check the key in the connector's tokenVariable.";
    case 404:
      return "Check the connector's baseUrl (it usually ends with /v1) and its models.";
    case 413:
      return "The file is too large for the server.";
    default:
      return undefined;
  }
}
