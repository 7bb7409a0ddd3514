import { BoundaryError } from "../../boundary/errors.ts";
import type { Clock } from "../../base/clock.ts";
import type { Repeat } from "../../base/effect.ts";
import type { JsonObject } from "../../base/json.ts";
import { createSchemaCompiler } from "../../tools/json-schema.ts";
import type { Tool, ToolContext } from "../../tools/tool.ts";
import { urlFacts } from "../http/url-facts.ts";
import { toToolOutput } from "./content.ts";
import { type AskServer, documentToolNames, documentTools } from "./document-tools.ts";
import { keepSession, type Reopening } from "./kept-session.ts";
import { effectOfHints, pinState, type ServerPins } from "./pins.ts";
import { defaultCallTimeoutMs, type McpServer } from "./server.ts";
import type { McpSession, ServerCall } from "./session.ts";
import { createTimeLimit } from "./time-limit.ts";
import { differenceBetween } from "./tool-difference.ts";
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
  /** What has become different about a tool since it was listed first; empty where nothing has. */
  differenceOf(offered: string): string;
  stderrTail(): string;
  /** The last log messages that it sent. */
  logs(): readonly string[];
  /** The version of the protocol that is spoken with it. */
  protocolVersion(): string;
  alive(): boolean;
  /** Ends the server and all that it started. Any number of times. */
  close(hurry?: AbortSignal): Promise<void>;
}

/** More than the call's own limit, so that the error that knows why comes first. */
const marginMs = 1_000;

export interface HandleParts {
  readonly reopen: Reopening;
  readonly clock: Clock;
  readonly pins: ServerPins | undefined;
  /** See {@link OpenMcpServerRequest}. */
  readonly followChanges: boolean;
}

export function createServerHandle(
  server: McpServer,
  first: McpSession,
  { reopen, clock, pins, followChanges }: HandleParts,
): McpServerHandle {
  const limitMs = server.callTimeoutMs ?? defaultCallTimeoutMs;
  const kept = keepSession(server, first, reopen, clock);
  const inTime = async <T>(
    context: ToolContext,
    repeat: Repeat,
    work: (session: McpSession, call: ServerCall) => Promise<T>,
  ): Promise<T> => {
    const { signal, pause, resume, end } = createTimeLimit(limitMs, context.signal, clock);
    const call = { ...context, signal, repeat, pause, resume };
    try {
      return await kept.use(call, (session) => work(session, call));
    } finally {
      end();
    }
  };
  const call = (listed: ListedTool, repeat: Repeat, args: JsonObject, context: ToolContext) =>
    inTime(context, repeat, async (session, asking) => {
      const now = (await session.listed()).tools.find((tool) => tool.name === listed.name);
      if (now === undefined) throw gone(server, listed);
      const decidedOn = context.toolDigest ?? listed.digest;
      if (now.digest !== decidedOn) throw changed(server, listed);
      const before = session.notes.unansweredCount();
      const result = await session.call(listed.name, args, asking);
      // The model has to know why a tool may have done less than it was asked for.
      return toToolOutput(server.name, result, session.notes.unansweredSince(before));
    });
  const ask: AskServer = (what, context, request) =>
    inTime(context, "safe", (session, asking) => session.ask(what, asking, request));

  const began = first.list.tools;
  const latest = (listed: ListedTool): ListedTool =>
    kept.current().list.tools.find(({ name }) => name === listed.name) ?? listed;
  const following = (listed: ListedTool): Pick<Tool, "refresh" | "latestDigest"> => ({
    refresh: async () => {
      // What goes wrong here goes wrong in the call as well, and is told there.
      if (kept.alive()) await Promise.allSettled([kept.current().listed()]);
    },
    latestDigest: () => latest(listed).digest,
  });

  const compile = createSchemaCompiler();
  const notices = [...declarationNotices(server, first.list.tools, pins), ...first.list.notices];
  const place = server.type === "http" ? { place: urlFacts(server.url) } : {};
  const stays =
    server.type !== "http" && server.confinement?.onlyWorkspace === true
      ? { staysInWorkspace: true }
      : {};
  const timeoutMs = limitMs + marginMs;
  const own = first.list.tools.map((listed): Tool => {
    const name = offeredName(server.name, listed.name);
    const check = compile(name, listed.inputSchema);
    if (check.notice !== undefined) notices.push(check.notice);
    const declared = server.tools[listed.name];
    const hinted = pinState(listed, pins) === "pinned" ? effectOfHints(listed.hints) : {};
    const repeat = declared?.repeat ?? hinted.repeat ?? "once";
    return {
      name,
      description: listed.description,
      inputSchema: check.schema,
      source: `mcp:${server.name}`,
      definitionDigest: listed.digest,
      definition: () => (followChanges ? latest(listed) : listed).definition,
      ...(followChanges ? following(listed) : {}),
      ...place,
      ...stays,
      effect: declared?.effect ?? hinted.effect ?? "unknown",
      repeat,
      timeoutMs,
      parse: (args) => check.parse(args),
      run: (args, context) => call(listed, repeat, args, context),
    };
  });

  const taken = new Set(own.map(({ name }) => name));
  const documents = documentTools(server, first.offers, ask)
    .filter(({ name }) => !taken.has(name))
    .map((tool): Tool => ({ ...tool, ...place, timeoutMs }));
  return {
    name: server.name,
    tools: [...own, ...documents],
    listed: first.list.tools,
    hints: Object.fromEntries(
      first.list.tools.map((listed) => [offeredName(server.name, listed.name), listed.hints]),
    ),
    get notices() {
      const { strayLineCount, strayLines, notices: ofStart } = kept.current().output();
      const stray = `${strayLineCount} lines on its stdout are not JSON-RPC, the last: ${strayLines.at(-1) ?? ""}`;
      return [
        ...ofStart,
        ...inBounds(notices),
        ...(strayLineCount === 0 ? [] : [stray]),
        ...kept.current().notes.notices(),
      ];
    },
    differenceOf: (name) => {
      const listed = began.find((tool) => offeredName(server.name, tool.name) === name);
      if (listed === undefined || latest(listed).digest === listed.digest) return "";
      return differenceBetween(listed, latest(listed));
    },
    stderrTail: () => kept.current().output().stderrTail,
    logs: () => kept.current().notes.logs(),
    protocolVersion: () => kept.current().protocolVersion,
    alive: kept.alive,
    close: kept.close,
  };
}

/** A server with thousands of odd tools gets a line for some of them: each session is told them all. */
const shownNotices = 20;

function inBounds(notices: readonly string[]): readonly string[] {
  const left = notices.length - shownNotices;
  if (left <= 0) return notices;
  return [...notices.slice(0, shownNotices), `${left} more things are odd about its tools.`];
}

function declarationNotices(
  server: McpServer,
  listed: readonly ListedTool[],
  pins: ServerPins | undefined,
): readonly string[] {
  const names = [...listed.map((tool) => tool.name), ...documentToolNames];
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
  const left = tools.length - shownNotices;
  const names = tools.slice(0, shownNotices).map(({ name }) => name);
  return [...names, ...(left > 0 ? [`${left} more`] : [])].join(", ");
}

function gone(server: McpServer, listed: ListedTool): BoundaryError {
  return new BoundaryError(
    "invalid_response",
    `MCP server "${server.name}" has ${listed.name} no more.`,
    { phase: "before_send", hint: "Choose another way: the server does not offer it now." },
  );
}

const otherTool = "mcp/other-tool";

function changed(server: McpServer, listed: ListedTool): BoundaryError {
  return new BoundaryError(
    "invalid_response",
    `MCP server "${server.name}" now describes ${listed.name} differently.`,
    {
      phase: "before_send",
      ruleId: otherTool,
      hint: "Start anew, so that the new description is shown to the model and to policy.",
    },
  );
}

/** Whether a call was not sent because the tool is another one than policy had decided about. */
export function isOtherTool(error: BoundaryError): boolean {
  return error.ruleId === otherTool;
}
