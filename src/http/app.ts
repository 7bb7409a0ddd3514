import { type Context, Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { Agent33Error, toAgent33Error } from "../base/errors.ts";
import { toJsonValue } from "../base/json.ts";
import type { Config } from "../config/config.ts";
import type { ApiKeys } from "../engine/api-keys.ts";
import type { Engines } from "../engine/engines.ts";
import type { Host } from "../engine/host.ts";
import { anybody } from "./anybody.ts";
import { answerProblems } from "./answers.ts";
import { limitedBody } from "./body-size.ts";
import type { Authenticator, Caller } from "./caller.ts";
import { addDashboard, type Dashboard, isOfPage } from "./dashboard.ts";
import type { ApiEnvironment } from "./environment.ts";
import { eventStream } from "./event-stream.ts";
import { live, livePaths, ready, readyPaths } from "./health.ts";
import { knownHosts } from "./host-names.ts";
import { invalidRequest } from "./input.ts";
import { parseBody, unsafeText } from "./json-body.ts";
import { openApi } from "./openapi.ts";
import { placeless, settingsPlaces } from "./placeless.ts";
import { problemOf, statusOf } from "./problem.ts";
import type { RateLimits } from "./rate-limits.ts";
import { referencePage } from "./reference-page.ts";
import type { Answer, RawInput, Route } from "./route.ts";
import { covers } from "./scopes.ts";
import { answerPolicy, headersOf, pagePolicy } from "./security-headers.ts";
import { addRunbooks } from "./runbooks.ts";
import { addSessionRoutes } from "./session-routes.ts";
import type { Sessions } from "./sessions.ts";
import { callerOf } from "./who-asks.ts";

/** What the API is made of. */
export interface AppParts {
  readonly routes: readonly Route[];
  readonly engines: Engines;
  readonly keys: ApiKeys;
  readonly config: Config;
  readonly host: Host;
  readonly authenticator: Authenticator;
  readonly limits: RateLimits;
  readonly sessions: Sessions;
  readonly dashboard: Dashboard;
  /** Aborts when the server closes. */
  readonly closing: AbortSignal;
  /** Whether each answer is held against its schema before it goes out. For tests. */
  readonly checksAnswers?: boolean;
}

/** The whole API as a function from requests to responses; whoever listens gives it requests. */
export function createApp(parts: AppParts): Hono<ApiEnvironment> {
  const { routes, host, config } = parts;
  const { serve } = config.settings;
  const app = new Hono<ApiEnvironment>();
  // Made when somebody asks for them, so that no start waits for it.
  const document = once(() => JSON.stringify(openApi(routes)));
  const page = once(() => referencePage(routes));

  app.use(async (c, next) => {
    const requestId = host.ids();
    c.set("requestId", requestId);
    await next();
    c.header("x-request-id", requestId);
    if (c.res.headers.get("cache-control") === null) c.header("cache-control", "no-store");
    // Who goes on asking over a connection would keep a server that closes from its end.
    if (parts.closing.aborted) c.header("connection", "close");
  });
  // Over plain HTTP it means nothing, and on one's own machine it would bind other programs.
  const transportSecurity =
    serve.tlsCert === undefined ? false : "max-age=31536000; includeSubDomains";
  const forAnswers = secureHeaders(headersOf(answerPolicy, transportSecurity));
  const forPage = secureHeaders(headersOf(pagePolicy, transportSecurity));
  app.use((c, next) => (isOfPage(c) ? forPage : forAnswers)(c, next));
  app.use(knownHosts(serve));
  app.use(limitedBody(serve.maxBodyKilobytes * 1024));

  app.get("/openapi.json", (c) => c.body(document(), 200, { "content-type": "application/json" }));
  app.get("/docs", (c) => c.html(page().html));
  app.get("/docs.css", (c) => c.body(page().css, 200, { "content-type": "text/css" }));
  addRunbooks(app);
  app.on("GET", livePaths, live);
  app.on("GET", readyPaths, ready(parts));

  addSessionRoutes(app, parts);
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
  addDashboard(app, parts.dashboard);
  const places = settingsPlaces(config, host);
  app.notFound((c) =>
    problemResponse(
      c,
      new Agent33Error("api.not_found", "There is nothing under this path.", {
        hint: "The operations are in /openapi.json, and on the page /docs.",
      }),
      parts,
      places,
    ),
  );
  app.onError((thrown, c) => problemResponse(c, toAgent33Error(thrown), parts, places));
  return app;
}

type Here = Context<ApiEnvironment>;

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

async function respond(c: Here, route: Route, parts: AppParts): Promise<Response> {
  const { engines, keys, config, host, closing } = parts;
  if (closing.aborted) throw shuttingDown();
  const caller = anybody(c.req.url, route, config) ?? (await callerOf(c, parts));
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
  const coding = c.req.header("content-encoding")?.trim().toLowerCase() ?? "identity";
  if (coding !== "identity") {
    // A few bytes could become more than there is room for.
    throw new Agent33Error("api.unsupported_media_type", "The body is compressed.", {
      hint: "Send it as it is, without Content-Encoding.",
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
  const { conceal } = parts.engines.of(tenant);
  if (answer.kind === "text") {
    const { contentType, fileName } = answer;
    const text = conceal(answer.text);
    const isJson = /[/+]json\b/.test(contentType);
    if (parts.checksAnswers === true) {
      refuseWrong(route, isJson ? JSON.parse(text) : text, contentType);
    }
    const headers = new Headers({ "content-type": contentType });
    if (fileName !== undefined) {
      headers.set("content-disposition", `attachment; filename="${fileName}"`);
    }
    return new Response(text, { headers });
  }
  const text = conceal(JSON.stringify(answer.body));
  if (parts.checksAnswers === true) refuseWrong(route, JSON.parse(text));
  const headers = new Headers({ "content-type": "application/json" });
  if (answer.location !== undefined) headers.set("location", answer.location);
  return new Response(text, { status: answer.status, headers });
}

/** @throws Agent33Error `api.wrong_answer` */
function refuseWrong(route: Route, body: unknown, contentType?: string): void {
  const problems = answerProblems(route, body, contentType);
  if (problems === undefined) return;
  throw new Agent33Error("api.wrong_answer", `${route.method} ${route.path}: ${problems}`, {
    hint: "Mend the route or its schema: what goes out is what the reference says.",
  });
}

function problemResponse(
  c: Here,
  error: Agent33Error,
  { host, engines }: AppParts,
  places: readonly string[],
): Response {
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
  const told = placeless(toJsonValue(problemOf(error, requestId)), host, places);
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
