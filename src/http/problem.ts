import { z } from "zod";
import type { Agent33Error } from "../base/errors.ts";
import { jsonValue } from "./input.ts";
import { isWrongInput } from "../engine/wrong-input.ts";

/** An error as RFC 9457 has it. `code` is the same as everywhere in AGENT-33. */
export const problemSchema = z
  .strictObject({
    type: z.string().describe("urn:agent33:error: and the code"),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe("what was wrong, and where"),
    instance: z.string().describe("the request, by the id that the log has too"),
    code: z.string().describe("what programs branch on"),
    hint: z.string().exactOptional().describe("what to do"),
    retryable: z.boolean().describe("whether the same request may succeed later"),
    details: z.record(z.string(), jsonValue).exactOptional(),
  })
  .meta({ id: "Problem" });
export type Problem = z.infer<typeof problemSchema>;

/** Statuses of codes that say something else than that it was asked for wrongly, or failed. */
const statuses: Readonly<Record<string, number>> = {
  "api.conflict": 409,
  "api.cross_origin": 403,
  "api.forbidden": 403,
  "api.insecure_origin": 403,
  "api.length_required": 411,
  "api.method_not_allowed": 405,
  "api.not_found": 404,
  "api.not_json": 400,
  "api.installation_only": 403,
  "api.invalid_request": 400,
  "api.rate_limited": 429,
  "api.shutting_down": 503,
  "api.timeout": 504,
  "api.too_deep": 400,
  "api.too_large": 413,
  "api.unauthenticated": 401,
  "api.wrong_host": 403,
  "api.unknown_breaker": 404,
  "api.unsupported_media_type": 415,
  "api.workspace_refused": 422,
  "agents.unknown": 404,
  "alerts.not_firing": 409,
  "alerts.silence_over": 409,
  "boundary.approval_denied": 403,
  "boundary.approval_expired": 409,
  "boundary.approval_required": 409,
  "boundary.budget_exceeded": 402,
  "boundary.bulkhead_full": 503,
  "boundary.circuit_open": 503,
  "boundary.deadline_exceeded": 504,
  "boundary.dry_run": 403,
  "boundary.egress_blocked": 403,
  "boundary.invalid_response": 502,
  "boundary.outcome_unknown": 502,
  "boundary.policy_denied": 403,
  "boundary.rate_limited": 429,
  "boundary.timeout": 504,
  "boundary.tool_error": 502,
  "boundary.transport": 502,
  "boundary.upstream_429": 503,
  "boundary.upstream_4xx": 502,
  "boundary.upstream_5xx": 502,
  "durable.closed": 503,
  "durable.run_active": 409,
  "engine.agent_stopped": 409,
  "engine.closing": 503,
  "engine.invalid_match": 422,
  "engine.job_not_running": 409,
  "engine.jobs_full": 409,
  "engine.key_over": 409,
  "engine.operation_running": 409,
  "engine.retention_running": 409,
  "engine.run_finished": 409,
  "secrets.busy": 503,
  "secrets.exists": 409,
  "secrets.unknown": 404,
  "learning.actions_open": 409,
  "learning.bad_transition": 409,
  "learning.checklist_exists": 409,
  "learning.key_reused": 409,
  "learning.lesson_implemented": 409,
  "learning.refresh_complete": 409,
  "learning.signal_linked": 409,
  "engine.unknown_operation": 404,
  "engine.unknown_task_set": 404,
  "engine.unknown_trial": 404,
  "evaluation.bad_triage": 409,
  "evaluation.baseline_unfinished": 409,
  "evaluation.gates_busy": 503,
  "evaluation.job_busy": 409,
  "evaluation.job_changed": 409,
  "evaluation.job_exists": 409,
  "evaluation.job_not_found": 404,
  "evaluation.no_trajectory": 404,
  "policy.cedar_missing": 422,
  "skills.exists": 409,
  "skills.unknown": 404,
  "store.ambiguous_id": 409,
  "store.approval_decided": 409,
  "store.approval_expired": 409,
  "store.backup_running": 409,
  "store.busy": 503,
  "store.conflict": 409,
  "store.check_running": 409,
  "store.full": 503,
  "store.in_use": 409,
  "store.no_backup": 404,
};

const titles: Readonly<Record<number, string>> = {
  400: "Bad request",
  401: "Not authenticated",
  402: "Budget exceeded",
  403: "Forbidden",
  404: "Not found",
  405: "Method not allowed",
  409: "Conflict",
  411: "Length required",
  413: "Too large",
  415: "Unsupported media type",
  422: "Cannot be done as asked",
  429: "Too many requests",
  500: "Internal error",
  502: "The other side failed",
  503: "Not available now",
  504: "Not done in time",
};

/** The HTTP status that an error has, by its code. */
export function statusOf({ code }: Pick<Agent33Error, "code">): number {
  const known = statuses[code];
  if (known !== undefined) return known;
  const name = code.slice(code.indexOf(".") + 1);
  if (name.startsWith("unknown_") && isWrongInput({ code })) return 404;
  return isWrongInput({ code }) ? 422 : 500;
}

/** The title of a status. */
export function titleOf(status: number): string {
  return titles[status] ?? "Error";
}

/**
 * An error as the other side is told of it. What failed inside is told by its code only: its words
 * may speak of this machine, and are in the log under the same id.
 */
export function problemOf(error: Agent33Error, requestId: string): Problem {
  const status = statusOf(error);
  const { code, hint, retryable, details } = error;
  const known = { type: `urn:agent33:error:${code}`, title: titleOf(status), status };
  const instance = `urn:agent33:request:${requestId}`;
  if (status === 500) {
    const detail = "The request failed inside AGENT-33. Its log has the reason under this request.";
    return { ...known, detail, instance, code, retryable };
  }
  return {
    ...known,
    detail: error.message,
    instance,
    code,
    ...(hint === undefined ? {} : { hint }),
    retryable,
    ...(details === undefined ? {} : { details }),
  };
}
