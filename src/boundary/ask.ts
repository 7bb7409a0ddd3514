import type { JsonObject } from "../base/json.ts";
import type { CallIdentity } from "./call-identity.ts";
import { BoundaryError } from "./errors.ts";
import { questionOf } from "./identity.ts";
import type { ApprovalStore } from "./ports.ts";
import { whyOf } from "./refusals.ts";
import type { CallFacts, CallOptions, Decision } from "./types.ts";

/** A call that a rule wants a person to be asked about. */
export interface Asked {
  readonly name: string;
  readonly connector: string;
  readonly facts: CallFacts;
  readonly decision: Decision;
  readonly options: Pick<CallOptions, "runId" | "principal">;
}

/**
 * Looks for a person's answer to exactly this call, and asks where there is none.
 * @param ttlMs how long the question stays open where its rule does not say it
 * @returns the id of the yes, which is not used up yet
 * @throws BoundaryError `approval_required`, `approval_denied`
 */
export function askPerson(
  store: ApprovalStore,
  call: Asked,
  identity: CallIdentity,
  ttlMs: number,
): string {
  const { name, decision } = call;
  const { ruleId } = decision;
  const { runId } = call.options;
  const question = questionOf(name, call.facts.args, ruleId);
  const { id, state } = store.request({
    digest: identity.approvalDigest,
    ...(runId === undefined ? {} : { runId }),
    summary: question,
    facts: {
      ...factsOf(call),
      ...(decision.reason === undefined ? {} : { reason: decision.reason }),
    },
    ruleId,
    requestedAt: identity.at,
    expiresAt: identity.at + (decision.approvalTtlMs ?? ttlMs),
  });
  if (state === "approved") return id;
  const refusal = { ruleId, approvalId: id };
  if (state === "denied") {
    throw new BoundaryError("approval_denied", `A person denied ${name}.`, refusal);
  }
  const message = `${question} needs a person's approval.${whyOf(decision)}`;
  throw new BoundaryError("approval_required", message, {
    ...refusal,
    hint: `Run \`agent33 approvals approve ${id}\`, then resume the run.`,
  });
}

/** What a person has said about a call so far; `none` where nobody has been asked about it. */
export interface AnswerSoFar {
  readonly id?: string;
  readonly state: "none" | "pending" | "approved" | "denied";
}

/** Looks for the answer that {@link askPerson} would find; asks nobody. */
export function findAnswer(store: ApprovalStore, digest: string): AnswerSoFar {
  const open = store.list().filter((question) => question.digest === digest);
  const found =
    open.find(({ state }) => state === "approved") ??
    open.find(({ state }) => state === "pending" || state === "denied");
  if (found === undefined) return { state: "none" };
  return { id: found.id, state: found.state as AnswerSoFar["state"] };
}

/** The call as facts that a rule can be made of, so that an answer can be remembered. */
function factsOf({ connector, facts, options }: Asked): JsonObject {
  const { tenant, user, agent } = options.principal;
  return {
    connector,
    tenant,
    user,
    ...(agent === undefined ? {} : { agent }),
    ...definedFacts(facts),
  };
}

function definedFacts(facts: CallFacts): JsonObject {
  const given = Object.entries(facts).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as JsonObject;
}
