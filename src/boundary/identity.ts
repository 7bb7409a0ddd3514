import { digestOf } from "../base/digest.ts";
import type { JsonObject } from "../base/json.ts";
import { BoundaryError } from "./errors.ts";
import type { CallFacts, CallOptions } from "./types.ts";

/**
 * Names a logical call: the same for every attempt and after a crash, different for another
 * principal, tool or argument. Never made from the model's own call id, which changes on each try.
 */
export function idempotencyKeyOf(
  connector: string,
  facts: CallFacts,
  options: Pick<CallOptions, "principal" | "runId">,
  logicalCallId: string,
): string {
  return digestOf({
    tenant: options.principal.tenant,
    user: options.principal.user,
    run: options.runId ?? null,
    call: logicalCallId,
    connector,
    operation: facts.operation,
    tool: facts.tool ?? null,
    args: facts.args ?? null,
  });
}

/** What an approval is bound to: change any of it and the question must be asked again. */
export function approvalDigestOf(
  connector: string,
  facts: CallFacts,
  options: Pick<CallOptions, "principal" | "runId" | "logicalCallId">,
  policyVersion: string,
): string {
  return digestOf({
    principal: { ...options.principal },
    run: options.runId ?? null,
    // Two equal calls of one turn are two questions.
    call: options.logicalCallId ?? null,
    connector,
    operation: facts.operation,
    tool: facts.tool ?? null,
    toolDigest: facts.toolDigest ?? null,
    host: facts.host ?? null,
    port: facts.port ?? null,
    args: facts.args ?? null,
    policyVersion,
  });
}

/** Longest arguments, in characters, about which a person can be asked: all of them are shown. */
const shownArguments = 64 * 1024;

/**
 * The call as a person who decides about it must see it.
 * @throws BoundaryError `boundary.approval_denied` for arguments that nobody would look through
 */
export function questionOf(name: string, args: JsonObject | undefined, ruleId: string): string {
  if (args === undefined) return name;
  const text = JSON.stringify(args);
  if (text.length <= shownArguments) return `${name} ${text}`;
  throw new BoundaryError(
    "approval_denied",
    `${name} has ${text.length} characters of arguments, which is more than a person could look through.`,
    { ruleId, hint: "Make several smaller calls." },
  );
}
