import {
  ProtocolError,
  ProtocolErrorCode,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
} from "@modelcontextprotocol/client";
import { causesOf } from "../../base/causes.ts";
import { Agent33Error, isAgent33Error, messageOf } from "../../base/errors.ts";
import { withoutUnseen } from "../../base/outside.ts";
import {
  BoundaryError,
  type BoundaryErrorOptions,
  isBoundaryError,
} from "../../boundary/errors.ts";
import { mapHttp } from "./http-errors.ts";
import type { Mapped } from "./mapped.ts";
import { describeServer, type McpServer } from "./server.ts";
import { answerLostCode, type ServerOutput } from "./transport.ts";

/** What is known about the session in which something failed. */
export interface FailureContext {
  readonly server: McpServer;
  /** `start`: no tool has been asked for anything yet. */
  readonly stage: "start" | "call";
  /** What was being done, for the message: `the call of read_file`. */
  readonly what: string;
  readonly output?: ServerOutput;
  /** The caller's; if it aborted, that is why the request failed. */
  readonly signal?: AbortSignal;
}

const shownTail = 1_000;

/** Maps what the MCP library, the session and the sandbox throw, once, to a boundary error. */
export function toMcpError(error: unknown, context: FailureContext): BoundaryError {
  const ours = causesOf(error).find(isBoundaryError);
  if (ours !== undefined) return ours;
  const reason: unknown = context.signal?.aborted === true ? context.signal.reason : undefined;
  if (isBoundaryError(reason)) return reason;
  const mapped = context.signal?.aborted === true ? mapAbort(reason, context) : mapError(error);
  const { server, stage, what } = context;
  const started = stage === "start" ? ` (${describeServer(server)})` : "";
  const hint = [mapped.hint ?? "", stage === "start" ? confinementHint(server) : ""]
    .join(" ")
    .trim();
  const options: BoundaryErrorOptions = {
    ...(hint === "" ? {} : { hint }),
    ...(mapped.phase === undefined ? {} : { phase: mapped.phase }),
    ...(mapped.retryable === undefined ? {} : { retryable: mapped.retryable }),
    ...(mapped.status === undefined ? {} : { status: mapped.status }),
    ...(mapped.retryAfterMs === undefined ? {} : { retryAfterMs: mapped.retryAfterMs }),
    quotesOutside: true,
    // Before it runs, no tool can have done anything; and what does not start now seldom does later.
    ...(stage === "start" ? { phase: "before_send", retryable: false } : {}),
    cause: error,
  };
  return new BoundaryError(
    mapped.kind,
    withoutUnseen(
      `MCP server "${server.name}"${started}: ${what} failed: ${mapped.says}${lastWords(context.output)}`,
    ),
    options,
  );
}

/** A program that works by hand may miss what it is not shown, and seldom says so itself. */
function confinementHint(server: McpServer): string {
  return server.type === "http" ? "" : (server.confinementHint ?? "");
}

function mapAbort(reason: unknown, context: FailureContext): Mapped {
  if (reason instanceof Error && reason.name === "TimeoutError") return timedOut(context.what);
  return { kind: "cancelled", says: "the caller cancelled it." };
}

function timedOut(what: string): Mapped {
  return {
    kind: "timeout",
    says: "there was no answer in time.",
    hint: `If ${what} takes so long by nature, raise mcp.callSeconds, or mcp.startSeconds for a start.`,
  };
}

function mapError(error: unknown): Mapped {
  const own = causesOf(error).find(isAgent33Error);
  if (own !== undefined) return mapOwn(own);
  const overHttp = mapHttp(error);
  if (overHttp !== undefined) return overHttp;
  if (ProtocolError.isInstance(error)) return mapProtocol(error);
  if (SdkError.isInstance(error)) return mapSdk(error);
  // Of an answer whose body says that it is JSON and is not.
  if (causesOf(error).some((one) => one instanceof SyntaxError)) {
    return { kind: "invalid_response", says: `its answer is not JSON: ${messageOf(error)}.` };
  }
  return { kind: "internal", says: messageOf(error) };
}

function mapOwn(error: Agent33Error): Mapped {
  const says = error.message;
  const hint = error.hint === undefined ? {} : { hint: error.hint };
  switch (error.code) {
    case "sandbox.spawn_failed":
    case "sandbox.command_not_found":
    case "sandbox.unavailable":
    case "sandbox.folder_refused":
    case "sandbox.invalid_environment":
      return { kind: "transport", says, phase: "before_send", retryable: error.retryable, ...hint };
    case "mcp.not_open":
      return { kind: "transport", says, phase: "before_send", ...hint };
    case "mcp.server_exited":
    case "mcp.session_lost":
      return { kind: "transport", says, phase: "unknown", ...hint };
    case "mcp.login_failed":
    case "mcp.login_required":
      return { kind: "upstream_4xx", says, phase: "before_send", ...hint };
    case "mcp.rate_limited":
      return { kind: "upstream_429", says, ...waitOf(error) };
    case "mcp.start_timeout":
      return { kind: "timeout", says, phase: "before_send", ...hint };
    case "mcp.not_json_rpc":
    case "mcp.message_too_large":
    case "mcp.invalid_listing":
      return { kind: "invalid_response", says, ...hint };
    default:
      return { kind: "internal", says, ...hint };
  }
}

function waitOf({ details }: Agent33Error): Pick<Mapped, "status" | "retryAfterMs"> {
  const { status, retryAfterMs } = (details ?? {}) as Pick<Mapped, "status" | "retryAfterMs">;
  return {
    ...(status === undefined ? {} : { status }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

/** JSON-RPC 2.0, section 5.1: which codes blame the request. */
const requestFaults: readonly number[] = [
  ProtocolErrorCode.ParseError,
  ProtocolErrorCode.InvalidRequest,
  ProtocolErrorCode.MethodNotFound,
  ProtocolErrorCode.InvalidParams,
  ProtocolErrorCode.ResourceNotFound,
  ProtocolErrorCode.MissingRequiredClientCapability,
  ProtocolErrorCode.UnsupportedProtocolVersion,
  ProtocolErrorCode.UrlElicitationRequired,
];

function mapProtocol(error: ProtocolError): Mapped {
  if (error.code === answerLostCode) {
    return { kind: "transport", says: error.message, phase: "unknown" };
  }
  const says = `it answered with error ${error.code}: ${error.message}.`;
  return requestFaults.includes(error.code)
    ? { kind: "upstream_4xx", says, hint: "Check the tool's name and arguments." }
    : { kind: "upstream_5xx", says };
}

function mapSdk(error: SdkError): Mapped {
  const { code, message } = error;
  if (code === SdkErrorCode.RequestTimeout) return timedOut("it");
  if (isClosed(error)) return { kind: "transport", says: `${message}.`, phase: "unknown" };
  return {
    kind: "invalid_response",
    says: `${message.replace(/\s+/g, " ").slice(0, 500)}.`,
    hint: "The server breaks the protocol. See whether there is a newer version of it.",
  };
}

/**
 * The better of two explanations: an answer explains itself; all else that goes wrong in a session
 * that broke is explained by how it broke.
 */
export function explainedBy(error: unknown, sessionFailure: Agent33Error | undefined): unknown {
  const answered =
    ProtocolError.isInstance(error) ||
    SdkHttpError.isInstance(error) ||
    (SdkError.isInstance(error) && error.code === SdkErrorCode.InvalidResult);
  return answered ? error : (sessionFailure ?? error);
}

function isClosed(error: SdkError): boolean {
  return [
    SdkErrorCode.ConnectionClosed,
    SdkErrorCode.NotConnected,
    SdkErrorCode.SendFailed,
  ].includes(error.code);
}

/** What the server itself said: most often that is the explanation. */
function lastWords(output: ServerOutput | undefined): string {
  if (output === undefined) return "";
  const tail = output.stderrTail.trim().slice(-shownTail);
  const stray = output.strayLines.at(-1);
  return [
    tail === "" ? "" : ` Its last output on stderr: ${tail}`,
    stray === undefined
      ? ""
      : ` It wrote ${output.strayLineCount} lines to stdout that are not JSON-RPC, the last one: ${stray}`,
  ].join("");
}

/** The start took too long. */
export function startTimeout(ms: number): Agent33Error {
  return new Agent33Error("mcp.start_timeout", `It was not ready within ${ms} ms.`, {
    hint: "See whether it works by hand. A first start that downloads packages needs a higher mcp.startSeconds.",
    retryable: true,
  });
}
