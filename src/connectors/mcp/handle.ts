import { BoundaryError } from "../../boundary/errors.ts";
import { createSchemaCompiler } from "../../tools/json-schema.ts";
import type { Tool, ToolContext } from "../../tools/tool.ts";
import { urlFacts } from "../http/url-facts.ts";
import { toToolOutput } from "./content.ts";
import { toMcpError } from "./errors.ts";
import { effectOfHints, pinState, type ServerPins } from "./pins.ts";
import { defaultCallTimeoutMs, type McpServer } from "./server.ts";
import type { McpSession } from "./session.ts";
import type { ListedTool, ToolHints } from "./tool-list.ts";
import { offeredName } from "./tool-name.ts";

/** A server in use. Its tools stay the same objects over restarts of the server. */
export interface McpServerHandle {
  readonly name: string;
  readonly tools: readonly Tool[];
  /** The tools as the server gave them when it was opened. */
  readonly listed: readonly ListedTool[];
  /** What the server claims about each tool, by the tool's offered name. Recorded, not trusted. */
  readonly hints: Readonly<Record<string, ToolHints>>;
  /** What a person should know: tools left out, schemas that cannot be checked, stray output. */
  readonly notices: readonly string[];
  stderrTail(): string;
  /** The last log messages that it sent. */
  logs(): readonly string[];
  /** The version of the protocol that is spoken with it. */
  protocolVersion(): string;
  alive(): boolean;
  /** Ends the server and all that it started. Any number of times. */
  close(): Promise<void>;
}

/** More than the call's own limit, so that the error that knows why comes first. */
const marginMs = 1_000;

/** Starts a server once more, through the boundary. */
export interface Reopening {
  open(signal: AbortSignal): Promise<McpSession>;
  /** Resolves when the latest start, cancelled or not, has tidied up; what it opened is closed. */
  settled(): Promise<void>;
}

export function createServerHandle(
  server: McpServer,
  first: McpSession,
  reopen: Reopening,
  pins?: ServerPins,
): McpServerHandle {
  const limitMs = server.callTimeoutMs ?? defaultCallTimeoutMs;
  let current = first;
  let reopening: Promise<McpSession> | undefined;
  const closing = new AbortController();

  const restart = async (): Promise<McpSession> => {
    // What is left of the dead one goes first: two of them could fight over the same files.
    await current.close();
    if (closing.signal.aborted) throw wasClosed(server);
    current = await reopen.open(closing.signal);
    return current;
  };
  const session = async (signal: AbortSignal): Promise<McpSession> => {
    if (closing.signal.aborted) throw wasClosed(server);
    if (current.alive()) return current;
    reopening ??= restart().finally(() => {
      reopening = undefined;
    });
    return await unlessAborted(reopening, signal);
  };
  const call = async (
    listed: ListedTool,
    args: Parameters<Tool["run"]>[0],
    context: ToolContext,
  ) => {
    const signal = AbortSignal.any([context.signal, AbortSignal.timeout(limitMs)]);
    let running: McpSession;
    try {
      running = await session(signal);
    } catch (error) {
      const failure = toMcpError(error, { server, stage: "start", what: "the restart", signal });
      throw failure.phase === "before_send" ? failure : neverSent(failure);
    }
    const now = (await running.listed()).tools.find((tool) => tool.name === listed.name);
    if (now?.digest !== listed.digest) throw changed(server, listed);
    return toToolOutput(await running.call(listed.name, args, { ...context, signal }));
  };

  const compile = createSchemaCompiler();
  const notices = [...first.list.notices, ...declarationNotices(server, first.list.tools, pins)];
  const tools = first.list.tools.map((listed): Tool => {
    const name = offeredName(server.name, listed.name);
    const check = compile(name, listed.inputSchema);
    if (check.notice !== undefined) notices.push(check.notice);
    const declared = server.tools[listed.name];
    const hinted = pinState(listed, pins) === "pinned" ? effectOfHints(listed.hints) : {};
    return {
      name,
      description: listed.description,
      inputSchema: check.schema,
      source: `mcp:${server.name}`,
      definitionDigest: listed.digest,
      ...(server.type === "http" ? { place: urlFacts(server.url) } : {}),
      effect: declared?.effect ?? hinted.effect ?? "unknown",
      repeat: declared?.repeat ?? hinted.repeat ?? "once",
      timeoutMs: limitMs + marginMs,
      parse: (args) => check.parse(args),
      run: (args, context) => call(listed, args, context),
    };
  });

  return {
    name: server.name,
    tools,
    listed: first.list.tools,
    hints: Object.fromEntries(
      first.list.tools.map((listed) => [offeredName(server.name, listed.name), listed.hints]),
    ),
    get notices() {
      const { strayLineCount, strayLines } = current.output();
      const stray = `${strayLineCount} lines on its stdout are not JSON-RPC, the last: ${strayLines.at(-1) ?? ""}`;
      return [...notices, ...(strayLineCount === 0 ? [] : [stray]), ...current.notes.notices()];
    },
    stderrTail: () => current.output().stderrTail,
    logs: () => current.notes.logs(),
    protocolVersion: () => current.protocolVersion,
    alive: () => !closing.signal.aborted && current.alive(),
    close: async () => {
      closing.abort();
      await Promise.allSettled([reopening]);
      await reopen.settled();
      await current.close();
    },
  };
}

function declarationNotices(
  server: McpServer,
  listed: readonly ListedTool[],
  pins: ServerPins | undefined,
): readonly string[] {
  const names = listed.map((tool) => tool.name);
  const missing = Object.keys(server.tools).filter((name) => !names.includes(name));
  const undeclared = listed.filter(
    (tool) =>
      server.tools[tool.name]?.effect === undefined &&
      (pinState(tool, pins) !== "pinned" || effectOfHints(tool.hints).effect === undefined),
  );
  const unlike = listed.filter((tool) => ["changed", "new"].includes(pinState(tool, pins)));
  const doubtful = listed.filter(
    ({ name, hints }) => server.tools[name]?.effect === "read" && hints.readOnlyHint === false,
  );
  return [
    ...missing.map((name) => `Tool "${name}" is declared, but the server does not offer it.`),
    ...doubtful.map(
      ({ name }) => `Tool "${name}" is declared as read; the server itself says that it is not.`,
    ),
    ...(undeclared.length === 0
      ? []
      : [`No effect is declared, so it counts as unknown, for: ${namesOf(undeclared)}.`]),
    ...(unlike.length === 0
      ? []
      : [
          `A person is asked before each call, because it is not what was pinned: ${namesOf(unlike)}.`,
        ]),
  ];
}

function namesOf(tools: readonly ListedTool[]): string {
  return tools.map(({ name }) => name).join(", ");
}

/** A failed restart, whatever it was: the tool itself was never asked. */
function neverSent(failure: BoundaryError): BoundaryError {
  return new BoundaryError(failure.kind, failure.message, {
    phase: "before_send",
    retryable: failure.retryable,
    countsAgainstBreaker: failure.countsAgainstBreaker,
    ...(failure.hint === undefined ? {} : { hint: failure.hint }),
    ...(failure.ruleId === undefined ? {} : { ruleId: failure.ruleId }),
    ...(failure.approvalId === undefined ? {} : { approvalId: failure.approvalId }),
    cause: failure,
  });
}

function wasClosed(server: McpServer): BoundaryError {
  return new BoundaryError(
    "transport",
    `MCP server "${server.name}" cannot be used: it was closed.`,
    {
      phase: "before_send",
      retryable: false,
      countsAgainstBreaker: false,
    },
  );
}

function changed(server: McpServer, listed: ListedTool): BoundaryError {
  return new BoundaryError(
    "invalid_response",
    `MCP server "${server.name}" now describes ${listed.name} differently, or has it no more.`,
    {
      phase: "before_send",
      hint: "Start anew, so that the new description is shown to the model and to policy.",
    },
  );
}

/** The promise's outcome, or the signal's reason if that comes first. The promise goes on. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener("abort", onAbort);
  }
}
