import type { Principal } from "../../base/principal.ts";
import type { Connector } from "../../boundary/connector.ts";
import type { CallOptions, CallOutcome, ConnectorSpec } from "../../boundary/types.ts";
import { createServerHandle, type McpServerHandle } from "./handle.ts";
import { defaultStartTimeoutMs, type McpServer } from "./server.ts";
import { type McpSession, openSession } from "./session.ts";

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
}

/** More than the start's own limit: time to kill what does not start, and for the better message. */
const marginMs = 10_000;

/**
 * Starting a server, as a governed call: it runs a program, so it is a write; a server that is
 * started twice is closed once more, so it may be repeated.
 * @param onOpening gets each opening as it begins: one that is cancelled still has to tidy up after
 * the call has ended
 */
export function mcpSessionSpec(
  server: McpServer,
  onOpening: (opening: Promise<McpSession>) => void = () => {},
): ConnectorSpec<McpServer, McpSession> {
  const limitMs = (server.startTimeoutMs ?? defaultStartTimeoutMs) + marginMs;
  return {
    id: `mcp:${server.name}`,
    facts: ({ command, args, cwd, env }) => ({
      operation: "session/open",
      effect: "write",
      repeat: "safe",
      // The names only: values may be secrets.
      args: { command, args, cwd, environment: Object.keys(env).sort() },
    }),
    run: (context) => {
      const opening = openSession(
        context.input,
        (request) => context.spawn(request),
        context.signal,
      );
      onOpening(opening);
      return opening;
    },
    timeouts: { attemptMs: limitMs, totalMs: limitMs },
    maxAttempts: 1,
  };
}

/**
 * Starts an MCP server and makes tools of what it offers. Each tool's `run` is one raw
 * `tools/call`, to be called through a connector of its own; it throws boundary errors. Where the
 * server has died since, `run` starts it once more, as a governed call of its own.
 */
export async function openMcpServer(
  request: OpenMcpServerRequest,
): Promise<CallOutcome<McpServerHandle>> {
  const { boundary, server, principal, options = {} } = request;
  let latest: Promise<McpSession> | undefined;
  const connector = boundary.connector(
    mcpSessionSpec(server, (opening) => {
      latest = opening;
    }),
  );
  const settled = async (): Promise<void> => {
    const [end] = await Promise.allSettled([latest]);
    // It may have succeeded just when it was cancelled, and then nobody else has it.
    if (end.status === "fulfilled") await end.value?.close();
  };
  const opened = await connector.tryCall(server, { ...options, principal });
  if (!opened.ok) {
    await settled();
    return opened;
  }
  const { runId, budgets, policy } = options;
  const handle = createServerHandle(server, opened.value, {
    open: (signal) =>
      connector.call(server, {
        principal,
        signal,
        ...(runId === undefined ? {} : { runId }),
        ...(budgets === undefined ? {} : { budgets }),
        ...(policy === undefined ? {} : { policy }),
      }),
    settled,
  });
  return { ok: true, value: handle, record: opened.record };
}
