import { z } from "zod";
import type { Effect, Repeat } from "../../base/effect.ts";
import type { CallContext, ConnectorSpec } from "../../boundary/types.ts";
import type { ToolOutput } from "../../tools/tool.ts";
import { type GovernedTool, operationTool } from "../governed-tool.ts";
import type { ConnectorKind, ConnectorParts } from "../kind.ts";
import { fromOutside } from "../../base/outside.ts";
import { addressBelow, isBelow } from "./base-url.ts";
import { readBody } from "./body.ts";
import { decodeText } from "./charset.ts";
import { networkError } from "./errors.ts";
import { refused } from "./exchange.ts";
import { reached } from "./reach.ts";
import { type HttpMethod, type HttpSettings, httpSettings } from "./settings.ts";
import { urlFacts } from "./url-facts.ts";

/** An interface over HTTP, asked with requests that a model writes. */
export const httpKind: ConnectorKind<HttpSettings> = {
  kind: "http",
  surface: "http",
  summary: "an interface over HTTP, asked with requests that the agent writes",
  settings: httpSettings,
  open: (settings, parts) => {
    const send = sender(settings, parts);
    const request = requestSpec(settings, parts, send);
    return {
      id: `http:${parts.name}`,
      tools: [requestTool(settings, parts, request)],
      calls: settings.methods.map((method) => request.facts({ method, path: "" })),
      check: checkSpec(settings, parts, send),
    };
  },
};

/** What a method does (RFC 9110, section 9.2), and whether a second time does more. */
const meaning: Readonly<Record<HttpMethod, { effect: Effect; repeat: Repeat }>> = {
  GET: { effect: "read", repeat: "safe" },
  HEAD: { effect: "read", repeat: "safe" },
  POST: { effect: "write", repeat: "once" },
  PUT: { effect: "write", repeat: "keyed" },
  PATCH: { effect: "write", repeat: "once" },
  DELETE: { effect: "destructive", repeat: "keyed" },
};

/** Methods whose requests have no body (RFC 9110, section 9.3). */
const bodiless: ReadonlySet<HttpMethod> = new Set(["GET", "HEAD"]);

interface HttpRequest {
  readonly method: HttpMethod;
  readonly path: string;
  readonly body?: string | undefined;
}

type Send = (context: CallContext<unknown>, request: HttpRequest) => Promise<Response>;

/** Sends one request with the credentials that it needs; an answer that is not `ok` is thrown. */
function sender(settings: HttpSettings, parts: ConnectorParts): Send {
  const { baseUrl, idempotencyHeader } = settings;
  const { host } = new URL(baseUrl);
  const given = Object.entries(settings.headers);
  const secret = Object.entries(settings.secretHeaders).map(
    ([header, variable]) => [header, parts.secret(variable)] as const,
  );
  return async (context, { method, path, body }) => {
    const { signal, idempotencyKey } = context;
    const headers = new Headers(body === undefined ? {} : { "content-type": typeOf(body) });
    for (const [header, value] of [...given, ...secret]) headers.set(header, value);
    if (idempotencyHeader !== undefined) headers.set(idempotencyHeader, idempotencyKey);
    const url = addressBelow(baseUrl, path);
    const sent = body === undefined ? {} : { body };
    const response = await context.fetch(url, {
      method,
      redirect: "manual",
      headers,
      signal,
      ...sent,
    });
    if (!response.ok) throw await refused(host, response, parts.now(), { hint: hintOf });
    return response;
  };
}

function requestSpec(
  settings: HttpSettings,
  parts: ConnectorParts,
  send: Send,
): ConnectorSpec<HttpRequest, ToolOutput> {
  const { baseUrl, idempotencyHeader, maxBytes } = settings;
  return {
    id: `http:${parts.name}`,
    facts: ({ method }) => {
      const { effect, repeat } = meaning[method];
      return {
        operation: `http.${method.toLowerCase()}`,
        effect,
        repeat: repeat === "once" && idempotencyHeader !== undefined ? "keyed" : repeat,
        ...urlFacts(baseUrl),
      };
    },
    run: async (context) => answerOf(await send(context, context.input), maxBytes),
    mapError: (error) => networkError(new URL(baseUrl).host, error),
    timeouts: { attemptMs: 30_000, totalMs: 90_000 },
  };
}

function requestTool(
  { methods, baseUrl, description }: HttpSettings,
  { name }: ConnectorParts,
  operation: ConnectorSpec<HttpRequest, ToolOutput>,
): GovernedTool {
  const [first = "GET"] = methods;
  const effect = widest(methods.map((method) => meaning[method].effect));
  return operationTool({
    name: `${name}__request`,
    description: [
      `Sends one HTTP request to ${baseUrl} and gives status, type and text of the answer. Credentials are added by themselves; redirects are not followed.`,
      ...(description === undefined ? [] : [description]),
    ].join(" "),
    input: z
      .strictObject({
        method: z.enum(methods).default(first),
        path: z
          .string()
          .max(8_192)
          .refine((path) => isBelow(baseUrl, path), `must lie below ${baseUrl}, without ..`)
          .describe("What follows the base address, with its query: /items?page=2."),
        body: z.string().optional().describe("What to send; JSON as text."),
      })
      .refine(({ method, body }) => body === undefined || !bodiless.has(method), {
        message: `${[...bodiless].join(" and ")} have none: leave it out, or use another method`,
        path: ["body"],
      }),
    effect,
    repeat: effect === "read" ? "safe" : "once",
    operation,
  });
}

/** Asks for the base address itself. */
function checkSpec(
  { baseUrl }: HttpSettings,
  { name }: ConnectorParts,
  send: Send,
): ConnectorSpec<undefined, string> {
  const { host } = new URL(baseUrl);
  return {
    id: `http:${name}`,
    facts: () => ({ operation: "check", effect: "read", repeat: "safe", ...urlFacts(baseUrl) }),
    run: (context) => reached(host, send(context, { method: "HEAD", path: "" })),
    mapError: (error) => networkError(host, error),
    timeouts: { attemptMs: 10_000, totalMs: 10_000 },
    maxAttempts: 1,
  };
}

async function answerOf(response: Response, maxBytes: number): Promise<ToolOutput> {
  const { status } = response;
  const type = response.headers.get("content-type") ?? "no type";
  const shown = type.slice(0, 100);
  const { bytes, cut } = await readBody(response, maxBytes);
  const head = `${status}, ${shown}${cut ? `, only the first ${maxBytes} bytes` : ""}`;
  const text = decodeText(bytes, type);
  return { content: text === "" ? head : fromOutside([head], text), isError: false };
}

function typeOf(body: string): string {
  try {
    JSON.parse(body);
    return "application/json";
  } catch {
    return "text/plain; charset=utf-8";
  }
}

function widest(effects: readonly Effect[]): Effect {
  const order: readonly Effect[] = ["destructive", "write"];
  return order.find((effect) => effects.includes(effect)) ?? "read";
}

function hintOf(status: number): string | undefined {
  if (status < 400) return "It redirects. Name the address that it redirects to as baseUrl.";
  return status === 401 || status === 403
    ? "Check the connector's secretHeaders, and what their variables hold."
    : undefined;
}
