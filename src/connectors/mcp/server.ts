import type { Effect, Repeat } from "../../base/effect.ts";

/** What the operator knows about a tool. A server's own hints never stand in for it. */
interface ToolDeclaration {
  readonly effect?: Effect;
  readonly repeat?: Repeat;
}

/** An MCP server that is started as a child and spoken to over its standard streams. */
export interface McpServer {
  /** Names the connector `mcp:<name>` and begins the names of its tools. */
  readonly name: string;
  /** The program, absolute or on the PATH in `env`. */
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** By the tool's name as the server gives it. What is not declared is `unknown` and `once`. */
  readonly tools: Readonly<Record<string, ToolDeclaration>>;
  /** Until it has started, shaken hands and listed its tools. Default 20,000 milliseconds. */
  readonly startTimeoutMs?: number;
  /** For one tool call, a restart of a dead server included. Default 60,000 milliseconds. */
  readonly callTimeoutMs?: number;
  /** What the server is told about us. Default `0.0.0`. */
  readonly clientVersion?: string;
}

export const defaultStartTimeoutMs = 20_000;
export const defaultCallTimeoutMs = 60_000;

/** The command as a person would type it, for messages. */
export function commandLine(server: McpServer): string {
  return [server.command, ...server.args].join(" ");
}
