import { getConnInfo } from "@hono/node-server/conninfo";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { secureHeaders } from "hono/secure-headers";
import { Agent33Error, toAgent33Error } from "../base/errors.ts";
import { toJsonValue } from "../base/json.ts";
import type { Config } from "../config/config.ts";
import type { ApiKeys } from "../engine/api-keys.ts";
import type { Engines } from "../engine/engines.ts";
import type { Host } from "../engine/host.ts";
import { answerProblems } from "./answers.ts";
import type { Authenticator, Caller } from "./caller.ts";
import { eventStream } from "./event-stream.ts";
import { invalidRequest } from "./input.ts";
import { parseBody, unsafeText } from "./json-body.ts";
import { openApi } from "./openapi.ts";
import { placeless } from "./placeless.ts";
import { problemOf, statusOf } from "./problem.ts";
import type { RateLimits } from "./rate-limits.ts";
import { referencePage } from "./reference-page.ts";
import type { Answer, RawInput, Route } from "./route.ts";
import { covers } from "./scopes.ts";

/** What the API is made of. */
export interface AppParts {
  readonly routes: readonly Route[];
  readonly engines: Engines;
  readonly keys: ApiKeys;
  readonly config: Config;
  readonly host: Host;
  readonly authenticator: Authenticator;
  readonly limits: RateLimits;
  /** Aborts when the server closes. */
  readonly closing: AbortSignal;
  /** Whether each answer is held against its schema before it goes out. For tests. */
  readonly checksAnswers?: boolean;
}

/** What each request carries on its way through the app. */
export interface ApiEnvironment {
  Variables: { requestId: string };
}

/** The whole API as a function from requests to responses; whoever listens gives it requests. */
export function createApp(parts: AppParts): Hono<ApiEnvironment> {
  const { routes, host, config } = parts;
  const { serve } = config.settings;
  const app = new Hono<ApiEnvironment>();
  const document = JSON.stringify(openApi(routes));
  const page = referencePage(routes);

  app.use(async (c, next) => {
    const requestId = host.ids();
    c.set("requestId", requestId);
    await next();
    c.header("x-request-id", requestId);
    if (c.res.headers.get("cache-control") === null) c.header("cache-control", "no-store");
  });
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
      },
      referrerPolicy: "no-referrer",
      xFrameOptions: "DENY",
      // Over plain HTTP it means nothing, and on one's own machine it would bind other programs.
      strictTransportSecurity:
        serve.tlsCert === undefined ? false : "max-age=31536000; includeSubDomains",
    }),
  );
  const maxSize = serve.maxBodyKilobytes * 1024;
  app.use(
    bodyLimit({
      maxSize,
      onError: () => {
        throw new Agent33Error("api.too_large", `The body has more than ${maxSize} bytes.`, {
          hint: "Send less, or raise serve.maxBodyKilobytes.",
        });
      },
    }),
  );

  app.get("/openapi.json", (c) => c.body(document, 200, { "content-type": "application/json" }));
  app.get("/docs", (c) => c.html(page.html));
  app.get("/docs.css", (c) => c.body(page.css, 200, { "content-type": "text/css" }));
  // Whether the process lives, and whether it takes requests: they need no key and say nothing else.
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  app.get("/readyz", (c) => {
    if (parts.closing.aborted) return c.json({ status: "closing" }, 503);
    // It reads the store, so that a store that is gone is noticed.
    parts.engines.own.store.runs.list({ limit: 1 });
    return c.json({ status: "ready" });
  });

  for (const route of routes) {
    const path = route.path.replace(/\{(\w+)\}/g, ":$1");
    app.on(route.method, path, (c) => respond(c, route, parts));
  }
  for (const [path, methods] of byPath(routes)) {
    app.all(path, (c) => {
      c.header("allow", methods.join(", "));
      throw new Agent33Error("api.method_not_allowed", `${c.req.method} is not taken here.`, {
        hint: `Use ${methods.join(" or ")}.`,
      });
    });
  }
  app.notFound((c) =>
    problemResponse(
      c,
      new Agent33Error("api.not_found", "There is nothing under this path.", {
        hint: "The operations are in /openapi.json, and on the page /docs.",
      }),
      parts,
    ),
  );
  app.onError((thrown, c) => problemResponse(c, toAgent33Error(thrown), parts));
  return app;
}

type Here = Context<ApiEnvironment>;

async function respond(c: Here, route: Route, parts: AppParts): Promise<Response> {
  const { engines, keys, config, host, closing } = parts;
  if (closing.aborted) throw shuttingDown();
  const caller = await callerOf(c, parts);
  if (!covers(caller.scopes, route.scope)) {
    throw new Agent33Error("api.forbidden", `This key does not have the scope ${route.scope}.`, {
      hint: "Ask with a key that has it: agent33 keys create --scope NAME.",
      details: { scope: route.scope },
    });
  }
  await parts.limits.request(`${caller.tenant} ${caller.key}`);
  const input = await inputOf(c, route, config.settings.serve.maxDepth);
  const isStream = "stream" in route.answer;
  const seconds = route.seconds ?? config.settings.serve.requestSeconds;
  const gone = c.req.raw.signal;
  const over = AbortSignal.timeout(seconds * 1_000);
  const signal = AbortSignal.any(isStream ? [gone, closing] : [gone, closing, over]);
  const answering = route.respond(input, {
    caller,
    engine: engines.of(caller.tenant),
    engines,
    keys,
    config,
    host,
    signal,
    header: (name) => c.req.header(name),
  });
  const answer = isStream ? await answering : await within(answering, over, seconds);
  return answered(c, route, answer, parts, caller);
}

/** @throws Agent33Error `api.unauthenticated`, `api.rate_limited` */
async function callerOf(c: Here, { authenticator, limits }: AppParts): Promise<Caller> {
  const address = addressOf(c);
  await limits.mayProve(address);
  const header = c.req.header("authorization");
  const token = /^Bearer ([\w.~+/=-]{1,8192})$/i.exec(header ?? "")?.[1];
  const caller = token === undefined ? undefined : await authenticator.authenticate(token);
  if (caller !== undefined) return caller;
  // Who sends nothing does not guess.
  if (header !== undefined) await limits.failed(address);
  c.header("www-authenticate", "Bearer");
  throw new Agent33Error(
    "api.unauthenticated",
    header === undefined
      ? "The request has no key."
      : "The key or token of the request does not hold: it is unknown, expired or revoked.",
    { hint: "Send `Authorization: Bearer KEY`; agent33 keys create makes a key." },
  );
}

/** Requests that came over no socket are all of one address. */
function addressOf(c: Here): string {
  return c.env === undefined || !("incoming" in (c.env as object))
    ? "here"
    : (getConnInfo(c).remote.address ?? "unknown");
}

async function inputOf(c: Here, { body, query }: Route, mostLevels: number): Promise<RawInput> {
  const params = c.req.param() as Record<string, string>;
  const lists = c.req.queries();
  const asked = Object.entries(lists).map(([name, values]) => {
    const [first] = values;
    return [name, values.length === 1 && first !== undefined ? first : values] as const;
  });
  for (const [name, text] of [...Object.entries(params), ...asked]) {
    const problem = [text]
      .flat()
      .map((one) => unsafeText(one, name))
      .find((one) => one !== undefined);
    if (problem !== undefined) throw invalidRequest([problem]);
  }
  if (query === undefined && asked.length > 0) {
    throw invalidRequest([{ where: "query", what: "this operation takes no query" }]);
  }
  return {
    params,
    query: Object.fromEntries(asked),
    body: body === undefined ? undefined : await bodyOf(c, mostLevels),
  };
}

async function bodyOf(c: Here, mostLevels: number): Promise<unknown> {
  const bytes = await c.req.arrayBuffer();
  if (bytes.byteLength === 0) return {};
  // Pages of other origins can send plain forms without asking; JSON they cannot.
  const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    throw new Agent33Error("api.unsupported_media_type", "The body is not application/json.", {
      hint: "Send JSON with `Content-Type: application/json`.",
    });
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Agent33Error("api.not_json", "The body is not UTF-8.", {
      hint: "Send JSON in UTF-8.",
      cause,
    });
  }
  return parseBody(text, mostLevels);
}

async function within<T>(work: Promise<T>, over: AbortSignal, seconds: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const end = (): void =>
    reject(
      new Agent33Error("api.timeout", `The answer was not there after ${seconds} seconds.`, {
        hint: "What was asked for may still be done: look before you ask again.",
        retryable: true,
      }),
    );
  over.addEventListener("abort", end, { once: true });
  try {
    return await Promise.race([work, late]);
  } finally {
    over.removeEventListener("abort", end);
  }
}

function answered(
  c: Here,
  route: Route,
  answer: Answer,
  parts: AppParts,
  { tenant }: Caller,
): Response {
  if (answer.kind === "stream") {
    if (answer.items === undefined) return c.body(null, 204);
    return c.body(eventStream(answer.items), 200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
  }
  if (answer.kind === "lines") {
    return new Response(answer.text.pipeThrough(new TextEncoderStream()), {
      headers: {
        "content-type": "application/x-ndjson",
        "content-disposition": `attachment; filename="${answer.fileName}"`,
      },
    });
  }
  // What came from the log holds no secrets; files that people wrote, and what was asked, may.
  const text = parts.engines.of(tenant).conceal(JSON.stringify(answer.body));
  if (parts.checksAnswers === true) {
    const problems = answerProblems(route, JSON.parse(text));
    if (problems !== undefined) {
      throw new Agent33Error("api.wrong_answer", `${route.method} ${route.path}: ${problems}`, {
        hint: "Mend the route or its schema: what goes out is what the reference says.",
      });
    }
  }
  const headers = new Headers({ "content-type": "application/json" });
  if (answer.location !== undefined) headers.set("location", answer.location);
  return new Response(text, { status: answer.status, headers });
}

function problemResponse(c: Here, error: Agent33Error, { host, engines }: AppParts): Response {
  const { conceal } = engines.own;
  const requestId = c.get("requestId");
  const status = statusOf(error);
  if (status === 500) {
    host.warn(conceal(`serve: request ${requestId}: ${error.code}: ${error.message}`));
  }
  const headers = new Headers({ "content-type": "application/problem+json" });
  const wait = error.details?.["retryAfterSeconds"];
  if (typeof wait === "number") headers.set("retry-after", String(wait));
  for (const name of ["allow", "www-authenticate"]) {
    const value = c.res.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  const told = placeless(toJsonValue(problemOf(error, requestId)), host);
  return new Response(conceal(JSON.stringify(told)), { status, headers });
}

/** The error for what comes while the server closes. */
export function shuttingDown(): Agent33Error {
  return new Agent33Error("api.shutting_down", "The server is closing.", {
    hint: "Ask again in a moment.",
    retryable: true,
  });
}

function byPath(routes: readonly Route[]): ReadonlyMap<string, readonly string[]> {
  const paths = new Map<string, readonly string[]>();
  for (const { path, method } of routes) {
    const here = path.replace(/\{(\w+)\}/g, ":$1");
    paths.set(here, [...(paths.get(here) ?? []), method]);
  }
  return paths;
}
