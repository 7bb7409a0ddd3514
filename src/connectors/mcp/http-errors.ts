import {
  OAuthClientFlowError,
  SdkHttpError,
  UnauthorizedError,
} from "@modelcontextprotocol/client";
import { causesOf } from "../../base/causes.ts";
import { messageOf } from "../../base/errors.ts";
import { failedBeforeSending, isCertificateCode, networkCodeOf } from "../http/network.ts";
import type { Mapped } from "./mapped.ts";

const loginHint =
  "Give a token in its `headers`, or log in with `agent33 mcp login` and the server's name.";
const shownLength = 300;

/** What went wrong on the way over HTTP; undefined for all else. */
export function mapHttp(error: unknown): Mapped | undefined {
  const causes = causesOf(error);
  if (causes.some((one) => UnauthorizedError.isInstance(one))) {
    return { kind: "upstream_4xx", says: "it wants a login.", status: 401, hint: loginHint };
  }
  const flow = causes.find((one) => OAuthClientFlowError.isInstance(one));
  if (flow !== undefined) {
    return {
      kind: "upstream_4xx",
      says: `its login was refused: ${flow.message}`,
      hint: loginHint,
    };
  }
  const answer = causes.find((one) => SdkHttpError.isInstance(one));
  if (answer !== undefined && answer.status >= 300) return mapStatus(answer);
  const code = networkCodeOf(causes);
  return code === undefined ? undefined : mapNetwork(code);
}

function mapStatus(answer: SdkHttpError): Mapped {
  const { status } = answer;
  const text = messageOf(answer).replace(/\s+/g, " ").slice(0, shownLength);
  const says = `it answered with status ${status}: ${text}.`;
  if (status === 408 || status === 425 || status >= 500) {
    return { kind: "upstream_5xx", says, status };
  }
  if (forgotSession(answer)) {
    // The request was not taken: it may be sent in another session.
    const hint = "The session is gone, or the address is wrong: it often ends with /mcp.";
    return { kind: "transport", says, status, phase: "before_send", hint };
  }
  const isLogin = status === 401 || status === 403;
  const hint = isLogin ? loginHint : "Check the address and the headers.";
  return { kind: "upstream_4xx", says, status, hint };
}

/**
 * Whether the server may have forgotten the session: it says so with 404 (MCP specification,
 * "Session Management"), but many that were restarted say with 400 that there is no such session.
 */
export function forgotSession(answer: SdkHttpError): boolean {
  const { status, data } = answer;
  return status === 404 || (status === 400 && /\bsession/i.test(String(data["text"])));
}

function mapNetwork(code: string): Mapped {
  if (isCertificateCode(code)) {
    return {
      kind: "transport",
      says: `its certificate was refused (${code}).`,
      phase: "before_send",
      retryable: false,
      hint: "Check the address, the clock of this machine, and NODE_EXTRA_CA_CERTS for a private authority.",
    };
  }
  return failedBeforeSending(code)
    ? {
        kind: "transport",
        says: `there is no connection to it (${code}).`,
        phase: "before_send",
        hint: "Check that it is running and that this machine may reach it.",
      }
    : { kind: "transport", says: `the connection broke off (${code}).`, phase: "unknown" };
}
