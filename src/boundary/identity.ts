import { digestOf } from "../base/digest.ts";
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
