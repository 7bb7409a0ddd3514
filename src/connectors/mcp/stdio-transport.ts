import {
  type JSONRPCMessage,
  parseJSONRPCMessage,
  serializeMessage,
} from "@modelcontextprotocol/client";
import { Agent33Error, toAgent33Error } from "../../base/errors.ts";
import type { ExitStatus, SpawnedProcess } from "../../boundary/hands.ts";
import { createLineReader } from "./line-reader.ts";
import { messageLimitBytes } from "./server.ts";
import { messageTooLarge, notOpen, type ServerTransport, within } from "./transport.ts";

/** How many lines that are not JSON-RPC a server may write before it is given up. */
const strayLineLimit = 1_000;

const strayLinesKept = 20;
const strayLineLength = 200;
const stderrKept = 8 * 1024;
/** How long the last output of a child that has ended may take to arrive. */
const drainMs = 500;
/** How long a server gets to leave by itself once its stdin is closed. */
const leaveMs = 250;
/** How long a server may take after SIGTERM where somebody waits for its end, or after a fault. */
const hurriedMs = 500;

/**
 * Speaks MCP with a child over its standard streams (MCP specification, "Transports", stdio).
 * Output that is not JSON-RPC is counted and kept instead of breaking the session, because many
 * servers print a greeting; too much of it, or a line over the limit, closes the session.
 */
export function createStdioTransport(
  child: SpawnedProcess,
  notices: readonly string[] = [],
): ServerTransport {
  let state: "new" | "open" | "closing" | "closed" = "new";
  let failure: Agent33Error | undefined;
  let exit: ExitStatus | undefined;
  let stderrTail = "";
  let strayLineCount = 0;
  const strayLines: string[] = [];
  let closing: Promise<void> | undefined;

  const onLine = (line: string): void => {
    if (state !== "open" || line.trim() === "") return;
    const message = readMessage(line);
    if (message !== undefined) {
      transport.onmessage?.(message);
      return;
    }
    strayLineCount += 1;
    strayLines.push(clip(line));
    if (strayLines.length > strayLinesKept) strayLines.shift();
    if (strayLineCount > strayLineLimit) void transport.fail(tooManyStrayLines(line));
  };
  const reader = createLineReader(messageLimitBytes, onLine);
  const readStdout = (chunk: Buffer): void => {
    if (state === "open" && !reader.push(chunk))
      void transport.fail(messageTooLarge(messageLimitBytes));
  };
  const readStderr = (text: string): void => {
    stderrTail = (stderrTail + text).slice(-stderrKept);
  };

  const announce = (): void => {
    if (state === "closed") return;
    state = "closed";
    transport.onclose?.();
  };
  const shutDown = async (): Promise<void> => {
    if (exit === undefined) child.stdin.end();
    // Who waits for an answer learns at once that none will come; the killing may take a while.
    if (failure !== undefined) announce();
    else await within(leaveMs, child.exited);
    try {
      await child.kill(failure === undefined ? undefined : hurriedMs);
    } catch (error) {
      // Nobody waits for a close that a fault began, so the error is kept where it can be asked for.
      failure ??= toAgent33Error(error);
    }
    child.stdout.destroy();
    child.stderr.destroy();
    announce();
  };

  const killSoon = (): void => {
    // Whoever closes it is told where that fails.
    child.kill(hurriedMs).catch(() => undefined);
  };

  const onExit = async (status: ExitStatus): Promise<void> => {
    exit = status;
    // An answer may still be in the pipe, and the reason for the end in stderr.
    await within(drainMs, Promise.all([ended(child.stdout), ended(child.stderr)]));
    if (state === "open") onLine(reader.rest());
    await transport.fail(serverExited(status));
  };

  const transport: ServerTransport & { readonly pid: number; readonly stderr: null } = {
    // By these two the library knows a pipe, on which silence means an old server and no outage.
    pid: child.pid,
    stderr: null,
    start: async () => {
      if (state !== "new") throw notOpen("it was started before");
      state = "open";
      child.stdout.on("data", readStdout);
      child.stderr.setEncoding("utf8").on("data", readStderr);
      void child.exited.then(onExit);
    },
    send: async (message) => {
      if (state !== "open" || !child.stdin.writable) throw notOpen("the server is gone");
      if (child.stdin.write(serializeMessage(message))) return;
      await new Promise<void>((resolve) => {
        child.stdin.once("drain", resolve).once("close", resolve);
      });
    },
    close: (hurry) => {
      if (closing === undefined) {
        state = "closing";
        closing = shutDown();
      }
      if (hurry?.aborted === true) killSoon();
      else hurry?.addEventListener("abort", killSoon, { once: true });
      return closing.finally(() => hurry?.removeEventListener("abort", killSoon));
    },
    output: () => ({
      stderrTail,
      strayLineCount,
      strayLines: [...strayLines],
      notices,
      ...(exit === undefined ? {} : { exit }),
    }),
    failure: () => failure,
    // A pipe that is open is written to, whoever asks.
    inCall: (_fetch, work) => work(),
    isOpen: () => state === "open" && exit === undefined,
    fail: (error) => {
      if (closing === undefined) failure ??= error;
      return transport.close();
    },
  };
  return transport;
}

function readMessage(line: string): JSONRPCMessage | undefined {
  try {
    return parseJSONRPCMessage(JSON.parse(line));
  } catch {
    // The caller counts it: that a line is no message is an outcome here, not a fault.
    return undefined;
  }
}

function clip(line: string): string {
  return line.length > strayLineLength ? `${line.slice(0, strayLineLength)}…` : line;
}

function ended(
  stream: NodeJS.ReadableStream & { readonly readableEnded?: boolean },
): Promise<void> {
  return new Promise((resolve) => {
    if (stream.readableEnded === true) resolve();
    else stream.once("end", resolve).once("close", resolve);
  });
}

function serverExited(status: ExitStatus): Agent33Error {
  const how = status.signal === null ? `with code ${status.code}` : `by ${status.signal}`;
  return new Agent33Error("mcp.server_exited", `The server ended ${how}.`, {
    hint: "Its last output on stderr says why, if anything does.",
    details: { code: status.code, signal: status.signal },
  });
}

function tooManyStrayLines(line: string): Agent33Error {
  return new Agent33Error(
    "mcp.not_json_rpc",
    `The server wrote more than ${strayLineLimit} lines to stdout that are not JSON-RPC, the last one: ${clip(line)}`,
    { hint: "Check that the command starts an MCP server, and that its logs go to stderr." },
  );
}
