import { closeAll } from "../engine/close-all.ts";
import { type ApiKeys, createApiKeys } from "../engine/api-keys.ts";
import { type Engines, openEngines } from "../engine/engines.ts";
import type { Host } from "../engine/host.ts";
import { keySetReader } from "../engine/key-set.ts";
import { takeSessionKey } from "../engine/session-key.ts";
import type { UpgradeReport } from "../engine/store-upgrade.ts";
import { toAgent33Error } from "../base/errors.ts";
import type { Config } from "../config/config.ts";
import { createApp } from "./app.ts";
import { authenticatorOf } from "./authentication.ts";
import type { Authenticator } from "./caller.ts";
import { checkSafety, listen, type Listening } from "./listen.ts";
import { builtDashboard } from "./dashboard.ts";
import { createRateLimits } from "./rate-limits.ts";
import { allRoutes } from "./routes/all.ts";
import { adminScope } from "./scopes.ts";
import { createSessions } from "./sessions.ts";

/** A server at work. */
export interface ApiServer {
  readonly address: string;
  readonly engines: Engines;
  /** Answers a request that came by no socket, as it would have by one. */
  answer(request: Request): Promise<Response>;
  /** The key that was made because there was none yet. It is shown once and kept nowhere. */
  readonly firstKey: string | undefined;
  /**
   * Takes no more requests, lets those in hand be answered, ends streams with a word, lets go of
   * runs, and closes the store. Asked again, it waits for the same end.
   */
  close(): Promise<void>;
}

/** Wrong keys from one address a minute. */
const failuresPerMinute = 20;
/** Milliseconds in which what is in hand may be answered when the server closes. */
const closingMs = 10_000;

/**
 * Opens the engines of the settings, listens, and works on runs.
 * @throws Agent33Error `serve.*`, and what the engine cannot be opened for
 */
export async function startServer(
  config: Config,
  host: Host,
  onUpgrade?: (report: UpgradeReport) => void,
): Promise<ApiServer> {
  const { serve } = config.settings;
  // Before anything is made: a start that is refused leaves nothing behind.
  checkSafety(serve);
  const engines = await openEngines(config, host, onUpgrade);
  let bound: Listening | undefined;
  try {
    const keys = createApiKeys({ store: engines.own.store, host });
    const closing = new AbortController();
    const app = createApp({
      routes: allRoutes,
      engines,
      keys,
      config,
      host,
      authenticator: authenticatorOf(keys, await tokensOf(engines, config, host)),
      limits: createRateLimits({ perMinute: serve.requestsPerMinute, failuresPerMinute }),
      sessions: createSessions({
        keys,
        signingKey: takeSessionKey(engines.own.dataDir, host.random),
        clock: host.clock,
      }),
      dashboard: builtDashboard(),
      closing: closing.signal,
    });
    const work = workers(engines, serve.concurrency, host);
    const listening = await listen(
      serve,
      (request, env) => app.fetch(request, env as object),
      host.cwd,
    );
    bound = listening;
    // Only now: a key that is made for a server that does not come to listen is never shown.
    const firstKey = await firstKeyOf(keys, config);
    work.start();
    engines.own.alerts.start();
    const end = async (): Promise<void> => {
      const answered = listening.close();
      closing.abort();
      const late = setTimeout(() => listening.cut(), closingMs);
      await closeAll([
        () => answered,
        () => clearTimeout(late),
        () => work.stop(),
        () => engines.close(),
      ]);
    };
    let ended: Promise<void> | undefined;
    const close = (): Promise<void> => (ended ??= end());
    const answer = async (request: Request): Promise<Response> => app.fetch(request);
    return { address: listening.address, engines, answer, firstKey, close };
  } catch (error) {
    bound?.cut();
    await bound?.close();
    await engines.close();
    throw error;
  }
}

/** What tokens prove, where the settings take any. */
async function tokensOf(
  { own }: Engines,
  { settings }: Config,
  host: Host,
): Promise<Authenticator | undefined> {
  const { jwt } = settings.serve;
  if (jwt === undefined) return undefined;
  const { tokenAuthenticator } = await import("./tokens.ts");
  const principal = { tenant: settings.tenant, user: settings.user };
  const read = keySetReader(jwt.jwksUrl, { boundary: own.boundary, principal, host });
  return tokenAuthenticator(jwt, read, host);
}

/** The first start needs a key to begin with. */
async function firstKeyOf(keys: ApiKeys, { settings }: Config): Promise<string | undefined> {
  if (await keys.any()) return undefined;
  const { secret } = await keys.create({
    name: "first",
    tenant: settings.tenant,
    user: settings.user,
    scopes: [adminScope],
    ttlMs: null,
  });
  return secret;
}

/** Works on the runs of each tenant that is served, and of those whose runs have not ended. */
function workers(engines: Engines, concurrency: number, host: Host) {
  const stopping = new AbortController();
  const working: Promise<void>[] = [];
  const complain = (what: string) => (thrown: unknown) => {
    const { code, message } = toAgent33Error(thrown);
    host.warn(`serve: ${what}: ${code}: ${message}`);
  };
  return {
    start: (): void => {
      if (concurrency === 0) return;
      engines.onEngine(({ runs }) => {
        const work = runs.work({ signal: stopping.signal, concurrency });
        working.push(work.catch(complain("no more runs are worked on")));
      });
      const known = async (): Promise<void> => {
        for (const tenant of await engines.unfinished()) engines.of(tenant);
      };
      working.push(known().catch(complain("runs of other tenants are not taken up")));
    },
    stop: async (): Promise<void> => {
      stopping.abort();
      await Promise.all(working);
    },
  };
}
