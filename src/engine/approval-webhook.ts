import { z } from "zod";
import { Agent33Error, messageOf } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import type { Principal } from "../base/principal.ts";
import type { Boundary } from "../boundary/boundary.ts";
import { engineCalls } from "../connectors/engine-calls.ts";
import { webhookSpec } from "../connectors/messaging/webhook/delivery.ts";
import { elicitationIn } from "./elicitation.ts";
import type { Host } from "./host.ts";

/** A question as another program is told of it. Its texts are redacted already. */
export interface AskedQuestion {
  readonly id: string;
  readonly tenant: string;
  readonly runId?: string;
  readonly summary: string;
  readonly facts?: JsonObject;
  readonly ruleId: string;
  readonly requestedAt: number;
  readonly expiresAt: number;
}

export interface ApprovalWebhook {
  /** Tells of an open question, once in this process. Does not wait for an answer. */
  tell(question: AskedQuestion): void;
  /** Waits for what is on its way, for a limited time. */
  close(): Promise<void>;
}

export interface ApprovalWebhookParts {
  readonly host: Pick<Host, "clock" | "env" | "warn">;
  readonly url: string;
  /** The environment variable that holds the secret. */
  readonly secretVariable: string;
  readonly boundary: () => Boundary;
  readonly principal: Principal;
  readonly decide: (
    question: AskedQuestion,
    decision: "approved" | "denied",
    by: string,
    words: { readonly content?: JsonObject; readonly note?: string },
  ) => Promise<void>;
}

/** What a receiver may answer at once; anything else leaves the question open. */
const answerSchema = z.object({
  decision: z.enum(["approved", "denied"]),
  by: z.string().min(1).max(200),
  /** With a yes to a server's question: what it asked for. */
  content: z.record(z.string(), z.json()).exactOptional(),
  /** Why. */
  note: z.string().max(2_000).exactOptional(),
});

/** The engine waits for no delivery longer than this when it closes. */
const deliveryMs = 10_000;

/**
 * Posts each open question to an address, and takes the decision that may come back with the
 * answer. Both go through the boundary like any other call.
 * @throws Agent33Error `engine.no_webhook_secret`, `messaging.bad_webhook_secret`
 */
export function createApprovalWebhook(parts: ApprovalWebhookParts): ApprovalWebhook {
  const { host, url, secretVariable, boundary, principal, decide } = parts;
  const secret = (): string => {
    const value = host.env[secretVariable];
    if (value !== undefined && value !== "") return value;
    throw new Agent33Error(
      "engine.no_webhook_secret",
      `The approvals' webhook has no secret: ${secretVariable} is not set.`,
      { hint: `Set ${secretVariable} to the secret that the receiver checks signatures with.` },
    );
  };
  const spec = webhookSpec(engineCalls.approvals, { url, secret, now: () => host.clock.now() });
  const told = new Set<string>();
  const underWay = new Set<Promise<void>>();
  let closed = false;

  const deliver = async (question: AskedQuestion): Promise<void> => {
    const { id, requestedAt } = question;
    const outcome = await boundary()
      .connector(spec)
      .tryCall(
        {
          id: `approval-${id}`,
          type: "approval.requested",
          at: requestedAt,
          data: dataOf(question),
        },
        { principal, logicalCallId: `approval-${id}`, totalMs: deliveryMs },
      );
    if (!outcome.ok) {
      host.warn(`the approvals' webhook was not told of ${id}: ${outcome.error.message}`);
      return;
    }
    const answer = answerSchema.safeParse(outcome.value);
    if (!answer.success) return;
    try {
      const { decision, by, ...words } = answer.data;
      await decide(question, decision, by, words as { content?: JsonObject; note?: string });
    } catch (error) {
      host.warn(`the webhook's answer to ${id} was not taken: ${messageOf(error)}`);
    }
  };

  return {
    tell: (question) => {
      // What is asked while the engine closes is asked again, and told, when the run is resumed.
      if (closed || told.has(question.id)) return;
      told.add(question.id);
      const delivery = deliver(question).finally(() => underWay.delete(delivery));
      underWay.add(delivery);
    },
    close: async () => {
      closed = true;
      await Promise.all(underWay);
    },
  };
}

function dataOf(question: AskedQuestion): JsonObject {
  const { id, tenant, runId, summary, ruleId, requestedAt, expiresAt } = question;
  const asked = elicitationIn(question.facts);
  const time = (ms: number): string => new Date(ms).toISOString();
  return {
    id,
    tenant,
    run: runId ?? null,
    rule: ruleId,
    question: summary,
    asked: time(requestedAt),
    until: time(expiresAt),
    ...(asked === undefined
      ? {}
      : { server: asked.server, form: asked.form ?? null, page: asked.url ?? null }),
  };
}
