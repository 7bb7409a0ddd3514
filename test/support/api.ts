import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { stringify } from "yaml";
import type { JsonValue } from "../../src/base/json.ts";
import { type FlagSetting, loadConfig } from "../../src/config/config.ts";
import { createApiKeys } from "../../src/engine/api-keys.ts";
import { type Engines, openEngines } from "../../src/engine/engines.ts";
import type { Host } from "../../src/engine/host.ts";
import { createApp } from "../../src/http/app.ts";
import type { Caller } from "../../src/http/caller.ts";
import { createRateLimits } from "../../src/http/rate-limits.ts";
import type { Route } from "../../src/http/route.ts";
import { allRoutes } from "../../src/http/routes/all.ts";
import { createSessions } from "../../src/http/sessions.ts";
import { type GrantedScope, grantable } from "../../src/http/scopes.ts";
import { type ScriptedTurn, testHost } from "./engine.ts";
import { temporaryFolder } from "./temporary.ts";

/** An answer, read to its end. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Its JSON; undefined where it is none. */
  readonly body: unknown;
}

export interface ApiRequest {
  /** `admin` of tenant `one` by default; `none` sends no key. */
  readonly as?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TestApi {
  readonly folder: string;
  readonly host: Host;
  readonly engines: Engines;
  readonly app: ReturnType<typeof createApp>;
  /** Asks; JSON in and out. Answers are held against their schemas. */
  ask(method: string, path: string, request?: ApiRequest): Promise<ApiAnswer>;
  /** The raw response, for streams. */
  open(path: string, request?: ApiRequest): Promise<Response>;
  /** A key with these scopes. */
  key(tenant: string, scopes: readonly GrantedScope[]): string;
  /** Lets a worker drive the runs of a tenant until nothing is left. */
  work(tenant: string): Promise<void>;
  readonly closing: AbortController;
  /** Ends it; one that a test made by itself is ended with the test. */
  close(): Promise<void>;
}

/**
 * The whole API over a fresh folder, without a socket. Keys are made by `key`; the admin of
 * the tenant `one` asks where nobody is named.
 */
export async function testApi(
  settings: Readonly<Record<string, JsonValue>> = {},
  more: {
    readonly routes?: readonly Route[];
    readonly folder?: string;
    /** Whether several tests have it: asked for in a `describe` or file, and closed there. */
    readonly shared?: boolean;
    readonly env?: Record<string, string>;
  } = {},
): Promise<TestApi> {
  const folder = more.folder ?? temporaryFolder("api");
  const host = { ...testHost(folder, more.env), warn: () => undefined };
  const flags: FlagSetting[] = Object.entries({
    "store.synchronous": "normal",
    tenant: "one",
    ...settings,
  }).map(([setting, value]) => ({ setting, flag: `--${setting}`, value }));
  const config = loadConfig({ cwd: folder, env: {}, flags });
  const engines = await openEngines(config, host);
  if (more.shared !== true) onTestFinished(() => engines.close());
  const closing = new AbortController();
  const keys = createApiKeys({ store: engines.own.store, host });
  const app = createApp({
    routes: more.routes ?? allRoutes,
    engines,
    keys,
    config,
    host,
    authenticator: { authenticate: async (token) => callerOf(token) },
    limits: createRateLimits({
      perMinute: config.settings.serve.requestsPerMinute,
      failuresPerMinute: 20,
    }),
    sessions: createSessions({ keys, signingKey: host.random.bytes(32), clock: host.clock }),
    dashboard: { file: () => undefined },
    closing: closing.signal,
    checksAnswers: true,
  });
  const open = async (path: string, request: ApiRequest = {}, method = "GET") => {
    const { as = "one/admin", body, headers = {} } = request;
    return app.request(path, {
      method,
      headers: {
        ...(as === "none" ? {} : { authorization: `Bearer ${as}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
  };
  return {
    folder,
    host,
    engines,
    app,
    closing,
    close: () => engines.close(),
    open,
    ask: async (method, path, request) => {
      const response = await open(path, request, method);
      const text = await response.text();
      const isJson = /[/+]json/.test(response.headers.get("content-type") ?? "");
      const body: unknown = isJson ? JSON.parse(text) : undefined;
      return { status: response.status, headers: response.headers, text, body };
    },
    key: (tenant, scopes) => `${tenant}/${scopes.join("+").replaceAll(":", ".")}`,
    work: (tenant) => engines.of(tenant).runs.work({ untilIdle: true }),
  };
}

/** Scopes have colons, which a bearer token has not: they stand as dots. */
function callerOf(token: string): Caller | undefined {
  const [tenant, names] = token.split("/");
  if (tenant === undefined || names === undefined) return undefined;
  const scopes = names.split("+").map((name) => name.replace(".", ":"));
  if (!scopes.every((name) => (grantable as readonly string[]).includes(name))) return undefined;
  return {
    tenant,
    user: `user-of-${tenant}`,
    key: `key-of-${tenant}`,
    scopes: new Set(scopes as readonly GrantedScope[]),
  };
}

/** An API whose runs take these turns; each answers in one by default. @param files by path */
export async function scriptedApi(
  turns: readonly ScriptedTurn[] = [{ text: "Done." }],
  settings: Readonly<Record<string, JsonValue>> = {},
  files: Readonly<Record<string, string>> = {},
): Promise<TestApi> {
  const folder = temporaryFolder("api");
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const path = join(folder, "script.yaml");
  writeFileSync(path, stringify({ name: "test", turns }));
  return testApi({ model: `scripted:${path}`, ...settings }, { folder });
}
