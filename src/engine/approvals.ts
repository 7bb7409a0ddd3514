import { approvalTopic } from "../agents/ports.ts";
import type { JsonObject, JsonValue } from "../base/json.ts";
import type { Redactor } from "../base/redact.ts";
import type { Boundary } from "../boundary/boundary.ts";
import type { ApprovalStore } from "../boundary/ports.ts";
import type { Config } from "../config/config.ts";
import type { SyncTenantStore } from "../store/repositories/index.ts";
import { createApprovalWebhook } from "./approval-webhook.ts";
import type { Host } from "./host.ts";
import { type RememberedRule, rememberQuestion, type RememberRequest } from "./remember.ts";

export type ApprovalDecision = "approved" | "denied";

/** Questions to people, and their answers. */
export interface Approvals {
  /** Where the calls of a tenant ask. */
  storeOf(tenant: string): ApprovalStore;
  /** Answers a question of the settings' tenant and tells the run that waits for it. */
  decide(
    prefix: string,
    decision: ApprovalDecision,
  ): { readonly id: string; readonly runId: string | null };
  /** @throws Agent33Error `policy.*`, `engine.cannot_remember` */
  remember(prefix: string, request: RememberRequest): RememberedRule;
  /** Waits for questions that are on their way to somebody. */
  close(): Promise<void>;
}

export interface ApprovalParts {
  readonly config: Config;
  readonly host: Host;
  readonly dataDir: string;
  readonly redactor: Redactor;
  readonly storeOf: (tenant: string) => SyncTenantStore;
  readonly boundary: () => Boundary;
  readonly transaction: (work: () => void) => void;
  /** Tells a run that waits. */
  readonly send: (runId: string, topic: string, payload: JsonValue, key: string) => void;
}

/** @throws Agent33Error `engine.no_webhook_secret`, `messaging.bad_webhook_secret` */
export function createApprovals(parts: ApprovalParts): Approvals {
  const { config, host, dataDir, redactor, storeOf, transaction, send } = parts;
  const { tenant: own, user, approvals } = config.settings;

  const decide = (
    tenant: string,
    { id, runId }: { readonly id: string; readonly runId?: string | null },
    decision: ApprovalDecision,
    by: string,
  ): void =>
    transaction(() => {
      storeOf(tenant).approvals.decide(id, decision, by, host.clock.now());
      if (runId !== undefined && runId !== null) {
        send(runId, approvalTopic(id), { decision }, `${id}:${decision}`);
      }
    });

  const webhook =
    approvals.webhook === undefined
      ? undefined
      : createApprovalWebhook({
          ...approvals.webhook,
          host,
          principal: { tenant: own, user },
          boundary: parts.boundary,
          decide: async (question, decision, by) => decide(question.tenant, question, decision, by),
        });

  return {
    storeOf: (tenant) => {
      const kept = storeOf(tenant).approvals;
      return {
        ...kept,
        request: (asked) => {
          const question = {
            ...asked,
            summary: redactor.text(asked.summary),
            facts: redactor.value(asked.facts ?? {}) as JsonObject,
          };
          const { id, state } = kept.request(question);
          if (state === "pending") webhook?.tell({ ...question, id, tenant });
          return { id, state };
        },
      };
    },
    decide: (prefix, decision) => {
      const question = storeOf(own).approvals.find(prefix);
      decide(own, question, decision, user);
      return { id: question.id, runId: question.runId };
    },
    remember: (prefix, request) =>
      rememberQuestion(storeOf(own).approvals.find(prefix), request, { config, host, dataDir }),
    close: async () => {
      await webhook?.close();
    },
  };
}
