import { AsyncLocalStorage } from "node:async_hooks";
import { type Clock, longestTimerMs, systemClock } from "../../base/clock.ts";
import type { JsonObject } from "../../base/json.ts";
import type { Principal } from "../../base/principal.ts";
import type { Result } from "../../base/result.ts";
import type { Connector } from "../../boundary/connector.ts";
import type { BoundaryError } from "../../boundary/errors.ts";
import type { EgressFetch } from "../../boundary/hands.ts";
import type { CallContext, CallFacts, CallOptions, ConnectorSpec } from "../../boundary/types.ts";
import { createConfinedSpawn } from "../../sandbox/confined-spawn.ts";
import { urlFacts } from "../http/url-facts.ts";
import type { McpClientFeatures } from "./features.ts";
import { createServerHandle, type McpServerHandle } from "./handle.ts";
import { createHttpTransport } from "./http-transport.ts";
import type { Reopening } from "./kept-session.ts";
import type { OAuthLogin } from "./oauth.ts";
import type { ServerPins } from "./pins.ts";
import { defaultStartTimeoutMs, describeServer, type McpServer } from "./server.ts";
import { type McpSession, openSession } from "./session.ts";
import { createSseTransport } from "./sse-transport.ts";
import { createStdioTransport } from "./stdio-transport.ts";
import type { ServerTransport } from "./transport.ts";

/** The part of the boundary that is needed here. */
interface BoundaryHandle {
  connector<I, O, C>(spec: ConnectorSpec<I, O, C>): Connector<I, O, C>;
}

export interface OpenMcpServerRequest {
  readonly boundary: BoundaryHandle;
  readonly server: McpServer;
  readonly principal: Principal;
  /** For the opening call. Of these, restarts keep the run, the budgets and the policy. */
  readonly options?: Omit<CallOptions, "principal" | "onChunk">;
  /** What the server may ask for. */
  readonly features?: McpClientFeatures;
  /** What people have taken its tools for. */
  readonly pins?: ServerPins;
  /**
   * Whether whoever governs the calls asks about tools that change: then a changed tool may be called
   * under the digest that it has then. Default: it is refused.
   */
  readonly followChanges?: boolean;
  /** How to log in, for servers over HTTP. */
  readonly login?: OAuthLogin;
  /** For the waits before restarts. Default: the machine's own. */
  readonly clock?: Clock;
}

/** More than the start's own limit: time to kill what does not start, and for the better message. */
const marginMs = 10_000;

/**
 * Opening a session, as a governed call: it starts a program or begins something at another place,
 * so it is a write; a server that is opened twice is closed once more, so it may be repeated.
 *
 * A program is started and the call is over. A session over HTTP has a stream that is open for as
 * long as it lasts, so the call holds it: the session is the first part of its answer, and the
 * answer ends with the session.
 * @param onOpening gets each opening as it begins: one that is cancelled still has to tidy up after
 * the call has ended
 */
export function mcpSessionSpec(
  server: McpServer,
  onOpening: (opening: Promise<McpSession>) => void = () => {},
  { features = {}, login, clock }: Pick<OpenMcpServerRequest, "features" | "login" | "clock"> = {},
): ConnectorSpec<McpServer, McpSession, McpSession> {
  const limitMs = (server.startTimeoutMs ?? defaultStartTimeoutMs) + marginMs;
  const held = server.type === "http";
  return {
    id: `mcp:${server.name}`,
    facts: openingFacts,
    run: async (context) => {
      const opening = openSession(
        context.input,
        () => connect(context, login),
        context.signal,
        features,
        clock,
      );
      onOpening(opening);
      const session = await opening;
      if (held) await hold(session, context);
      return session;
    },
    operationClass: () => "session",
    timeouts: {
      attemptMs: limitMs,
      totalMs: held ? longestTimerMs : limitMs,
      idleMs: longestTimerMs,
    },
    maxAttempts: 1,
    ...(held ? { maxConcurrent: 1_024 } : {}),
  };
}

function openingFacts(server: McpServer): CallFacts {
  const place = server.type === "http" ? urlFacts(server.url) : {};
  const free = server.type !== "http" && server.confinement === undefined;
  return {
    operation: "session/open",
    // What an unconfined program does goes around the boundary, and nobody can say what it is.
    effect: free ? "unknown" : "write",
    repeat: "safe",
    ...place,
    args: shown(server),
  };
}

/** Of headers and variables the names only: values may be secrets. */
function shown(server: McpServer): JsonObject {
  if (server.type === "http") {
    return { url: describeServer(server), headers: Object.keys(server.headers).sort() };
  }
  const { command, args, cwd, env, confinement } = server;
  return {
    command,
    args,
    cwd,
    environment: Object.keys(env).sort(),
    ...(confinement === undefined ? {} : { confinement: { ...confinement } }),
  };
}

async function connect(
  context: CallContext<McpServer, McpSession>,
  login: OAuthLogin | undefined,
): Promise<ServerTransport> {
  const { input: server, fetch } = context;
  if (server.type !== "http") {
    const { command, args, cwd, env, confinement } = server;
    const { spawn } = context;
    const program = { command, args, cwd, env: { ...env, ...server.given?.() } };
    if (confinement === undefined) return createStdioTransport(await spawn(program));
    const { bubblewrap, ...shown } = confinement;
    const by = bubblewrap === undefined ? {} : { command: bubblewrap };
    const child = await createConfinedSpawn({ spawn, ...by })({ ...program, ...shown });
    return createStdioTransport(child, child.notices);
  }
  // Whoever makes the session speak, what it opens belongs to the call that holds it.
  const inSession = AsyncLocalStorage.snapshot();
  const held: EgressFetch = (to, init) => inSession(fetch, to, init);
  return server.transport === "sse"
    ? createSseTransport(server, held)
    : createHttpTransport(server, held, login);
}

async function hold(
  session: McpSession,
  context: CallContext<McpServer, McpSession>,
): Promise<void> {
  const leave = (): void => void session.close();
  context.signal.addEventListener("abort", leave, { once: true });
  context.emit(session);
  await session.ended;
  context.signal.removeEventListener("abort", leave);
}

/**
 * Opens an MCP server and makes tools of what it offers. Each tool's `run` is one raw
 * `tools/call`, to be called through a connector of its own; it throws boundary errors. Where the
 * session has ended since, `run` opens another, as a governed call of its own.
 */
export async function openMcpServer(
  request: OpenMcpServerRequest,
): Promise<Result<McpServerHandle, BoundaryError>> {
  const { boundary, server, principal, options = {}, pins } = request;
  const { clock = systemClock, followChanges = false } = request;
  let latest: Promise<McpSession> | undefined;
  const spec = mcpSessionSpec(
    server,
    (opening) => {
      latest = opening;
    },
    request,
  );
  const connector = boundary.connector(spec);
  const settled = async (hurry?: AbortSignal): Promise<void> => {
    const [end] = await Promise.allSettled([latest]);
    // It may have succeeded just when it was cancelled, and then nobody else has it.
    if (end.status === "fulfilled") await end.value?.close(hurry);
  };
  const open = async (given: OpenMcpServerRequest["options"]) => {
    const ready = Promise.withResolvers<Result<McpSession, BoundaryError>>();
    const onChunk = (value: McpSession): void => ready.resolve({ ok: true, value });
    const whole = connector.tryCall(server, {
      ...given,
      principal,
      ...(server.type === "http" ? { onChunk } : {}),
    });
    return await Promise.race([ready.promise, whole]);
  };
  const opened = await open(options);
  if (!opened.ok) {
    await settled();
    return opened;
  }
  const { runId, budgets, policy } = options;
  const reopen: Reopening = {
    open: async (signal) => {
      const again = await open({
        signal,
        ...(runId === undefined ? {} : { runId }),
        ...(budgets === undefined ? {} : { budgets }),
        ...(policy === undefined ? {} : { policy }),
      });
      if (again.ok) return again.value;
      throw again.error;
    },
    settled,
  };
  return {
    ok: true,
    value: createServerHandle(server, opened.value, { reopen, clock, pins, followChanges }),
  };
}
