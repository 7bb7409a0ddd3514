import type { Effect, Repeat } from "../../base/effect.ts";

/** What the operator knows about a tool. A server's own hints never stand in for it. */
interface ToolDeclaration {
  readonly effect?: Effect;
  readonly repeat?: Repeat;
}

interface AnyServer {
  /** Names the connector `mcp:<name>` and begins the names of its tools. */
  readonly name: string;
  /** By the tool's name as the server gives it. What is not declared is `unknown` and `once`. */
  readonly tools: Readonly<Record<string, ToolDeclaration>>;
  /** Until it has started, shaken hands and listed its tools. Default 20,000 milliseconds. */
  readonly startTimeoutMs?: number;
  /** For one tool call, a restart of a dead server included. Default 60,000 milliseconds. */
  readonly callTimeoutMs?: number;
  /** What the server is told about us. Default `0.0.0`. */
  readonly clientVersion?: string;
  /**
   * How the version of the protocol is found. `auto` asks whether the server speaks the newest one
   * and falls back to the handshake of the older ones; `legacy` begins with that handshake; a
   * version allows only that one. Default `auto` over HTTP. On pipes `legacy`, because servers have
   * been seen that end at a question they do not know.
   */
  readonly protocol?: string;
  /**
   * What is given to it by name: the headers of one over HTTP, variables of a program's environment.
   * Asked for before each request, or before each call of a program, which is started anew where they
   * are others. Default: as they were. @throws BoundaryError where one of them is no more
   */
  readonly given?: () => Readonly<Record<string, string>>;
}

/** What a server is shown of the machine. */
export interface Confinement {
  /** `host` is this machine's network as it is. */
  readonly network: "none" | "host";
  /** Folders that it may read and write. Absolute. */
  readonly writable: readonly string[];
  /** Whether nothing that lasts can be changed by it but the run's workspace. */
  readonly onlyWorkspace?: boolean;
  /** The bubblewrap program. Default: `bwrap`, found on the usual folders. */
  readonly bubblewrap?: string;
  /** Files and folders that it may read. Absolute. */
  readonly readOnly: readonly string[];
  /** Folders and files within these that are empty for it. Absolute. */
  readonly hidden: readonly string[];
}

/** An MCP server that is started as a child and spoken to over its standard streams. */
export interface StdioMcpServer extends AnyServer {
  readonly type?: "stdio";
  /** The program, absolute or on the PATH in `env`. */
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Absent: it runs like every program of the person who started the engine. */
  readonly confinement?: Confinement;
  /** What it lacks for being confined and how that is given to it, for whoever sees it not start. */
  readonly confinementHint?: string;
}

/** An MCP server that runs somewhere and is spoken to over HTTP. */
export interface HttpMcpServer extends AnyServer {
  readonly type: "http";
  /** How. Default: `streamable`; `sse` is the way of 2024, which some servers know alone. */
  readonly transport?: HttpTransport;
  readonly url: string;
  /** Sent with every request to it. */
  readonly headers: Readonly<Record<string, string>>;
}

export type McpServer = StdioMcpServer | HttpMcpServer;

export type HttpTransport = "streamable" | "sse";

export const defaultStartTimeoutMs = 20_000;
export const defaultCallTimeoutMs = 60_000;

/** Longest message that is read, in bytes. */
export const messageLimitBytes = 16 * 1024 * 1024;

/** The command as a person would type it, or the address without its query, for messages. */
export function describeServer(server: McpServer): string {
  if (server.type !== "http") return [server.command, ...server.args].join(" ");
  const { origin, pathname } = new URL(server.url);
  return `${origin}${pathname}`;
}
