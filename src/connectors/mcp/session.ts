import { type CallToolResult, Client } from "@modelcontextprotocol/client";
import { Agent33Error } from "../../base/errors.ts";
import type { JsonObject } from "../../base/json.ts";
import type { SpawnProcess } from "../../boundary/hands.ts";
import type { ToolContext } from "../../tools/tool.ts";
import { explainedBy, startTimeout, toMcpError } from "./errors.ts";
import { defaultCallTimeoutMs, defaultStartTimeoutMs, type McpServer } from "./server.ts";
import {
  createStdioTransport,
  notOpen,
  type ServerOutput,
  type StdioTransport,
} from "./stdio-transport.ts";
import { readToolList, toolPageSchema, type ToolList } from "./tool-list.ts";

/** One life of a server: from its start until it is closed or dies. */
export interface McpSession {
  readonly list: ToolList;
  output(): ServerOutput;
  alive(): boolean;
  /**
   * One `tools/call`. A tool that says `isError` has answered.
   * @throws BoundaryError
   */
  call(tool: string, args: JsonObject, context: ToolContext): Promise<CallToolResult>;
  /**
   * Ends the server and all that it started. Any number of times.
   * @throws Agent33Error `sandbox.kill_failed`
   */
  close(): Promise<void>;
}

/** Against a server whose pages never end. */
const pageLimit = 64;
/** The library's own timers are only a net under ours: theirs cannot say why. */
const netMs = 5_000;

/**
 * Starts a server, shakes hands and lists its tools, all within its start limit. Whatever goes
 * wrong, nothing of it is left running.
 * @throws BoundaryError
 */
export async function openSession(
  server: McpServer,
  spawn: SpawnProcess,
  signal: AbortSignal,
): Promise<McpSession> {
  const limitMs = server.startTimeoutMs ?? defaultStartTimeoutMs;
  const client = new Client(
    { name: "agent33", version: server.clientVersion ?? "0.0.0" },
    { capabilities: {} },
  );
  let transport: StdioTransport | undefined;
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  try {
    signal.throwIfAborted();
    const child = await spawn({
      command: server.command,
      args: server.args,
      cwd: server.cwd,
      env: server.env,
    });
    const opening = createStdioTransport(child);
    transport = opening;
    timer = setTimeout(() => void opening.fail(startTimeout(limitMs)), limitMs);
    onAbort = () => void opening.fail(aborted());
    signal.addEventListener("abort", onAbort, { once: true });
    signal.throwIfAborted();
    await client.connect(opening, { timeout: limitMs + netMs });
    const list = await listTools(client, limitMs + netMs);
    signal.throwIfAborted();
    return createSession(server, client, opening, list);
  } catch (error) {
    await transport?.close();
    throw toMcpError(explainedBy(error, transport?.failure()), {
      server,
      stage: "start",
      what: "the start",
      signal,
      ...(transport === undefined ? {} : { output: transport.output() }),
    });
  } finally {
    clearTimeout(timer);
    if (onAbort !== undefined) signal.removeEventListener("abort", onAbort);
  }
}

function createSession(
  server: McpServer,
  client: Client,
  transport: StdioTransport,
  list: ToolList,
): McpSession {
  const timeout = (server.callTimeoutMs ?? defaultCallTimeoutMs) + netMs;
  return {
    list,
    output: () => transport.output(),
    alive: () => transport.isOpen(),
    call: async (tool, args, context) => {
      const { signal, idempotencyKey, progress } = context;
      const request = { server, stage: "call", what: `the call of ${tool}`, signal } as const;
      if (!transport.isOpen()) throw toMcpError(notOpen("the server is gone"), request);
      try {
        return await client.callTool(
          // MCP knows no idempotency keys; a server that does can find ours under this name.
          { name: tool, arguments: args, _meta: { "agent33/idempotencyKey": idempotencyKey } },
          {
            signal,
            timeout,
            onprogress: (report) => progress(report.message ?? describeProgress(report)),
          },
        );
      } catch (error) {
        throw toMcpError(explainedBy(error, transport.failure()), {
          ...request,
          output: transport.output(),
        });
      }
    },
    close: async () => {
      await transport.close();
      const failure = transport.failure();
      if (failure?.code === "sandbox.kill_failed") throw failure;
    },
  };
}

async function listTools(client: Client, timeout: number): Promise<ToolList> {
  if (client.getServerCapabilities()?.tools === undefined) {
    return { tools: [], notices: ["The server offers no tools."] };
  }
  const raw: unknown[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < pageLimit; page += 1) {
    const params = cursor === undefined ? {} : { cursor };
    const answer = await client.request({ method: "tools/list", params }, toolPageSchema, {
      timeout,
    });
    raw.push(...answer.tools);
    cursor = answer.nextCursor;
    if (cursor === undefined) return readToolList(raw);
  }
  throw new Agent33Error("mcp.invalid_listing", `Its tools fill more than ${pageLimit} pages.`, {
    hint: "The server's listing most likely never ends. See whether there is a newer version of it.",
  });
}

function describeProgress(report: {
  readonly progress: number;
  readonly total?: number | undefined;
}): string {
  return report.total === undefined
    ? `${report.progress}`
    : `${report.progress} of ${report.total}`;
}

function aborted(): Agent33Error {
  return new Agent33Error("mcp.aborted", "The start was given up.");
}
