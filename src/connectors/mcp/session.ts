import {
  type CallToolResult,
  Client,
  type RequestOptions,
  type VersionNegotiationOptions,
} from "@modelcontextprotocol/client";
import { type Clock, systemClock } from "../../base/clock.ts";
import { Agent33Error } from "../../base/errors.ts";
import type { JsonObject } from "../../base/json.ts";
import { createBoundedValidator } from "../../tools/bounded-validator.ts";
import type { ToolContext } from "../../tools/tool.ts";
import { explainedBy, startTimeout, toMcpError } from "./errors.ts";
import { answerServer, capabilitiesOf, type McpClientFeatures } from "./features.ts";
import { defaultCallTimeoutMs, defaultStartTimeoutMs, type McpServer } from "./server.ts";
import { type AskingCall, createQuestions, type Questions } from "./questions.ts";
import { createSessionNotes, type SessionNotes } from "./session-notes.ts";
import { createToolListing, type ToolListing } from "./tool-listing.ts";
import type { ToolList } from "./tool-list.ts";
import { notOpen, type ServerOutput, type ServerTransport } from "./transport.ts";

/** What a request to a server is part of. */
export type ServerCall = Omit<AskingCall, "what"> & Pick<ToolContext, "fetch">;

/** One life of a server: from its start until it is closed or dies. */
export interface McpSession {
  /** The tools as they were listed last. */
  readonly list: ToolList;
  /** The tools as they are now: waits where the server has said that they have changed. */
  listed(): Promise<ToolList>;
  /** Whether the server has resources, and prompts. */
  readonly offers: { readonly resources: boolean; readonly prompts: boolean };
  /** The version of the protocol that is spoken. */
  readonly protocolVersion: string;
  output(): ServerOutput;
  /** What it said and what was refused, beside its answers. */
  readonly notes: SessionNotes;
  alive(): boolean;
  /**
   * One `tools/call`. A tool that says `isError` has answered.
   * @throws BoundaryError
   */
  call(tool: string, args: JsonObject, context: ServerCall): Promise<CallToolResult>;
  /**
   * Any other request to the server.
   * @param what is being done, for messages
   * @throws BoundaryError
   */
  ask<T>(
    what: string,
    context: ServerCall,
    request: (client: Client, options: RequestOptions) => Promise<T>,
  ): Promise<T>;
  /**
   * Ends the server and all that it started. Any number of times.
   * @throws Agent33Error `sandbox.kill_failed`
   */
  close(hurry?: AbortSignal): Promise<void>;
  /** Resolves when the session is over, whoever ended it. */
  readonly ended: Promise<void>;
}

/** The library's own timers are only a net under ours: theirs cannot say why. */
const netMs = 5_000;

/**
 * Opens the way to a server, shakes hands and lists its tools, all within its start limit. Whatever
 * goes wrong, nothing of it is left running.
 * @throws BoundaryError
 */
export async function openSession(
  server: McpServer,
  connect: () => Promise<ServerTransport>,
  signal: AbortSignal,
  features: McpClientFeatures = {},
  clock: Clock = systemClock,
): Promise<McpSession> {
  const limitMs = server.startTimeoutMs ?? defaultStartTimeoutMs;
  const notes = createSessionNotes();
  let listing: ToolListing | undefined;
  let changedEarly = false;
  const onChanged = (): void => {
    if (listing === undefined) changedEarly = true;
    else listing.refresh();
  };
  const client = new Client(
    { name: "agent33", version: server.clientVersion ?? "0.0.0" },
    {
      capabilities: capabilitiesOf(features),
      jsonSchemaValidator: createBoundedValidator(),
      versionNegotiation: negotiation(server, limitMs),
      listChanged: {
        tools: { autoRefresh: false, debounceMs: 0, onChanged },
      },
    },
  );
  const questions = createQuestions({
    server: server.name,
    person: features.person,
    clock,
    holdMs: server.callTimeoutMs ?? defaultCallTimeoutMs,
    unanswered: notes.unanswered,
  });
  answerServer(client, features, questions);
  client.setNotificationHandler("notifications/message", ({ params }) => notes.logged(params));
  let transport: ServerTransport | undefined;
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  try {
    signal.throwIfAborted();
    const opening = await connect();
    transport = opening;
    timer = setTimeout(() => void opening.fail(startTimeout(limitMs)), limitMs);
    onAbort = () => void opening.fail(aborted());
    signal.addEventListener("abort", onAbort, { once: true });
    signal.throwIfAborted();
    const ended = new Promise<void>((resolve) => {
      Object.assign(client, { onclose: resolve });
    });
    await client.connect(opening, { timeout: limitMs + netMs });
    listing = await createToolListing(client, opening, limitMs + netMs);
    if (changedEarly) listing.refresh();
    signal.throwIfAborted();
    return createSession(server, client, opening, { listing, notes, ended, questions });
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

/** A pipe's server that knows nothing of the question may be silent; it gets its time to start after. */
function negotiation(server: McpServer, limitMs: number): VersionNegotiationOptions {
  const { protocol, type } = server;
  const isNew = server.type === "http" && server.transport !== "sse";
  const wanted = protocol ?? (isNew ? "auto" : "legacy");
  const mode = wanted === "auto" || wanted === "legacy" ? wanted : { pin: wanted };
  return type === "http" ? { mode } : { mode, probe: { timeoutMs: Math.ceil(limitMs / 4) } };
}

interface SessionParts {
  readonly listing: ToolListing;
  readonly notes: SessionNotes;
  readonly ended: Promise<void>;
  readonly questions: Questions;
}

function createSession(
  server: McpServer,
  client: Client,
  transport: ServerTransport,
  { listing, notes, ended, questions }: SessionParts,
): McpSession {
  // A person may take as long again.
  const timeout = (server.callTimeoutMs ?? defaultCallTimeoutMs) * 2 + netMs;
  const capabilities = client.getServerCapabilities() ?? {};
  const ask: McpSession["ask"] = async (what, context, request) => {
    const { signal, progress } = context;
    const failure = { server, stage: "call", what, signal } as const;
    if (!transport.isOpen()) throw toMcpError(notOpen("the server is gone"), failure);
    try {
      return await transport.inCall(context.fetch, () =>
        questions.during({ ...context, what }, () =>
          request(client, {
            signal,
            timeout,
            onprogress: (report) => progress(report.message ?? describeProgress(report)),
          }),
        ),
      );
    } catch (error) {
      const explained = explainedBy(error, transport.failure());
      throw toMcpError(explained, { ...failure, output: transport.output() });
    }
  };
  return {
    get list() {
      return listing.latest();
    },
    listed: () => listing.current(),
    offers: {
      resources: capabilities.resources !== undefined,
      prompts: capabilities.prompts !== undefined,
    },
    protocolVersion: client.getNegotiatedProtocolVersion() ?? "unknown",
    output: () => transport.output(),
    notes,
    alive: () => transport.isOpen(),
    ask,
    call: (tool, args, context) =>
      ask(`the call of ${tool}`, context, (asking, options) => {
        const { idempotencyKey } = context;
        const toolDefinition = listing.definitionOf(tool);
        return asking.callTool(
          // MCP knows no idempotency keys; a server that does can find ours under this name.
          { name: tool, arguments: args, _meta: { "agent33/idempotencyKey": idempotencyKey } },
          { ...options, ...(toolDefinition === undefined ? {} : { toolDefinition }) },
        );
      }),
    close: async (hurry) => {
      await transport.close(hurry);
      const failure = transport.failure();
      if (failure?.code === "sandbox.kill_failed") throw failure;
    },
    ended,
  };
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
