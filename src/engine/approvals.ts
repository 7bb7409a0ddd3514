import { approvalTopic } from "../agents/ports.ts";
import { Agent33Error } from "../base/errors.ts";
import type { JsonObject, JsonValue } from "../base/json.ts";
import type { Redactor } from "../base/redact.ts";
import type { Boundary } from "../boundary/boundary.ts";
import type { ApprovalRequest, ApprovalStore } from "../boundary/ports.ts";
import type { Person } from "../connectors/mcp/person.ts";
import type { Config } from "../config/config.ts";
import type { SyncTenantStore } from "../store/repositories/index.ts";
import { actRecorder } from "./act-recorder.ts";
import { createApprovalWebhook } from "./approval-webhook.ts";
import type { Audit } from "./audit.ts";
import { checkedContent, type ElicitationAnswer, elicitationIn, personOf } from "./elicitation.ts";
import type { Host } from "./host.ts";
import { type RememberedRule, rememberQuestion, type RememberRequest } from "./remember.ts";

export type ApprovalDecision = "approved" | "denied";

interface Question {
  readonly id: string;
  readonly runId?: string | null;
  readonly facts?: JsonObject | null;
}

/** Questions to people, and their answers. */
export interface Approvals {
  /** Where the calls of a tenant ask. */
  storeOf(tenant: string): ApprovalStore;
  /**
   * Answers a question of the settings' tenant and tells the run that waits for it.
   * @param note why; at most 2 000 characters
   * @throws Agent33Error `engine.invalid_answer`, `store.*`
   */
  decide(
    prefix: string,
    decision: ApprovalDecision,
    by?: string,
    note?: string,
  ): { readonly id: string; readonly runId: string | null };
  /**
   * Answers what a server asked.
   * @throws Agent33Error `engine.invalid_answer`, `engine.not_a_question`
   */
  answer(
    prefix: string,
    answer: ElicitationAnswer,
    by?: string,
  ): { readonly id: string; readonly runId: string | null };
  /** The way to a person for the servers of a run. */
  personFor(tenant: string, runId: string): (server: string) => Person;
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
  readonly audit: () => Pick<Audit, "sink">;
  readonly boundary: () => Boundary;
  readonly transaction: (work: () => void) => void;
  /** Tells a run that waits. */
  readonly send: (runId: string, topic: string, payload: JsonValue, key: string) => void;
}

/** @throws Agent33Error `engine.no_webhook_secret`, `messaging.bad_webhook_secret` */
export function createApprovals(parts: ApprovalParts): Approvals {
  const { config, host, dataDir, redactor, storeOf, transaction, send } = parts;
  const { tenant: own, user, approvals } = config.settings;
  const acts = actRecorder({
    host,
    audit: parts.audit,
    about: "approvals",
    boundary: parts.boundary,
  });

  const record = (
    tenant: string,
    { id, runId }: Question,
    decision: ApprovalDecision,
    by: string,
    {
      answer,
      note,
    }: { readonly answer?: ElicitationAnswer | undefined; readonly note?: string } = {},
  ): void => {
    const reason = note === undefined ? undefined : noteOf(note, redactor);
    const operation = decision === "approved" ? "approvals.approve" : "approvals.deny";
    const act = { tenant, operation, target: id, actor: { user: by }, reason };
    acts.record(act, () =>
      transaction(() => {
        const words = { answer, note: reason };
        storeOf(tenant).approvals.decide(id, decision, by, host.clock.now(), words);
        if (runId !== undefined && runId !== null) {
          send(runId, approvalTopic(id), { decision }, `${id}:${decision}`);
        }
      }),
    );
  };

  /** A yes to a server's question is an answer, and has to fit it. */
  const decide = (
    tenant: string,
    question: Question,
    decision: ApprovalDecision,
    by: string,
    { content = {}, note }: { readonly content?: JsonObject; readonly note?: string } = {},
  ): void => {
    const asked = elicitationIn(question.facts);
    const answer: ElicitationAnswer | undefined =
      asked === undefined || decision === "denied"
        ? undefined
        : { action: "accept", content: checkedContent(asked, content) };
    record(tenant, question, decision, by, {
      answer,
      ...(note === undefined ? {} : { note }),
    });
  };

  const webhook =
    approvals.webhook === undefined
      ? undefined
      : createApprovalWebhook({
          ...approvals.webhook,
          host,
          principal: { tenant: own, user },
          boundary: parts.boundary,
          decide: async (question, decision, by, words) =>
            decide(question.tenant, question, decision, by, words),
        });

  /** Makes the question, without secrets, and tells of it. */
  const request = (tenant: string, asked: ApprovalRequest) => {
    const question = {
      ...asked,
      summary: redactor.text(asked.summary),
      facts: redactor.value(asked.facts ?? {}) as JsonObject,
    };
    const { id, state } = storeOf(tenant).approvals.request(question);
    if (state === "pending") webhook?.tell({ ...question, id, tenant });
    return { id, state };
  };

  return {
    storeOf: (tenant) => ({
      ...storeOf(tenant).approvals,
      request: (asked) => request(tenant, asked),
    }),
    personFor: (tenant, runId) =>
      personOf({
        runId,
        approvals: storeOf(tenant).approvals,
        request: (asked) => request(tenant, asked),
        clock: host.clock,
        ttlMs: approvals.ttlMinutes * 60_000,
        redactor,
      }),
    decide: (prefix, decision, by = user, note) => {
      const question = storeOf(own).approvals.find(prefix);
      decide(own, question, decision, by, note === undefined ? {} : { note });
      return { id: question.id, runId: question.runId };
    },
    answer: (prefix, answer, by = user) => {
      const question = storeOf(own).approvals.find(prefix);
      const { id, runId } = question;
      if (elicitationIn(question.facts) === undefined) throw notAQuestion(id);
      if (answer.action === "accept")
        decide(own, question, "approved", by, { content: answer.content });
      else record(own, question, "denied", by, { answer });
      return { id, runId };
    },
    remember: (prefix, wanted) =>
      rememberQuestion(storeOf(own).approvals.find(prefix), wanted, { config, host, dataDir }),
    close: async () => {
      await webhook?.close();
    },
  };
}

const longestNote = 2_000;

/** The note as it is kept: without secrets; none where it says nothing. */
function noteOf(note: string, redactor: Redactor): string | undefined {
  const said = note.trim();
  if (said.length > longestNote) {
    throw new Agent33Error(
      "engine.invalid_answer",
      `The note has ${said.length} characters; ${longestNote} are the most.`,
      { hint: "Say it in fewer words." },
    );
  }
  return said === "" ? undefined : redactor.text(said);
}

function notAQuestion(id: string): Agent33Error {
  return new Agent33Error("engine.not_a_question", `${id} asks about a call, for a yes or a no.`, {
    hint: `Run \`agent33 approvals approve ${id}\` or \`agent33 approvals deny ${id}\`.`,
    details: { id },
  });
}
