import {
  type ElicitRequestParams,
  type ElicitResult,
  UrlElicitationRequiredError,
} from "@modelcontextprotocol/client";
import { z } from "zod";
import { causesOf } from "../../base/causes.ts";
import type { Clock } from "../../base/clock.ts";
import type { Repeat } from "../../base/effect.ts";
import { type JsonObject, toJsonValue } from "../../base/json.ts";
import { BoundaryError } from "../../boundary/errors.ts";
import { elicitationRule, type Person, type PersonAnswer, type ServerQuestion } from "./person.ts";

/** A call in the course of which its server may ask something. */
export interface AskingCall {
  /** `the call of reserve`. */
  readonly what: string;
  readonly idempotencyKey: string;
  readonly repeat: Repeat;
  readonly signal: AbortSignal;
  readonly progress: (message: string) => void;
  /** Stop and start the call's own time. */
  pause(): void;
  resume(): void;
}

/** The questions of one server in one session. */
export interface Questions {
  /**
   * Does a call. What the server asks meanwhile belongs to it.
   * @throws BoundaryError `boundary.approval_required` where a person has yet to answer
   */
  during<T>(call: AskingCall, work: () => Promise<T>): Promise<T>;
  /**
   * Answers a question.
   * @param inResult whether it came as the answer to the call, which is to be sent again then
   */
  answer(params: ElicitRequestParams, inResult: boolean): Promise<ElicitResult>;
}

export interface QuestionsParts {
  readonly server: string;
  /** Absent: nobody can be asked. */
  readonly person: Person | undefined;
  readonly clock: Clock;
  /** How long a call that may not be made again waits for an answer. Milliseconds. */
  readonly holdMs: number;
  /** Told of each question that the server got no answer to, and why. */
  readonly unanswered: (question: string, why: string) => void;
}

interface OpenCall extends AskingCall {
  /** Answers that the server was given in the course of it. */
  readonly answers: string[];
  /** Why it ends, whatever the server still says: a person has to answer first. */
  waits: BoundaryError | undefined;
}

const pollMs = 500;
/** Longest question, in characters: all of it is shown. */
const shownLength = 64 * 1024;

/** The error's data are as the server sent them. */
const pagesSchema = z.array(z.object({ message: z.string(), url: z.url() })).max(8);

const dismissed: ElicitResult = { action: "cancel" };
const declined: ElicitResult = { action: "decline" };

/**
 * Answers what a server asks a person. A call that may be made again is given up and made again
 * once the person has answered, however long that takes: nothing is held meanwhile. One that may
 * not (decision 016) is held open for as long as a call may take, and then the server is told that
 * the question was dismissed.
 */
export function createQuestions(parts: QuestionsParts): Questions {
  const { server, person, unanswered } = parts;
  const calls = new Set<OpenCall>();

  const answer = async (
    asking: Person,
    call: OpenCall,
    question: ServerQuestion,
    inResult: boolean,
  ): Promise<ElicitResult> => {
    // To be asked for more is the answer to the first sending: the server has not begun.
    const again = call.repeat !== "once" || (inResult && call.answers.length === 0);
    const found = again
      ? asking.ask(question)
      : await held(asking, call, { ...question, forMs: parts.holdMs });
    switch (found.state) {
      case "accepted":
        call.answers.push(found.id);
        return { action: "accept", ...contentOf(question, found.content) };
      case "declined":
        unanswered(question.message, "A person declined to answer.");
        return declined;
      case "dismissed":
        unanswered(question.message, "A person dismissed it.");
        return dismissed;
      case "open":
        if (!again) {
          const seconds = Math.round(parts.holdMs / 1_000);
          const why = `Nobody answered within ${seconds} s, so it was told that the question was dismissed.`;
          unanswered(question.message, why);
          return dismissed;
        }
        call.waits ??= needed(server, question, found.id);
        if (inResult) throw call.waits;
        return dismissed;
    }
  };

  /** Waits for the person while the server waits. */
  const held = async (
    asking: Person,
    call: OpenCall,
    question: ServerQuestion,
  ): Promise<PersonAnswer> => {
    const { clock, holdMs } = parts;
    let found = asking.ask(question);
    if (found.state !== "open") return found;
    const until = clock.monotonic() + holdMs;
    call.progress(
      `${asksText(server, question)} It waits ${Math.round(holdMs / 1_000)} s for \`agent33 approvals answer ${found.id}\`.`,
    );
    call.pause();
    while (found.state === "open" && clock.monotonic() < until) {
      await clock.sleep(pollMs, call.signal);
      found = asking.look(found.id);
    }
    call.resume();
    call.progress(found.state === "open" ? "Nobody has answered." : "It has its answer.");
    return found;
  };

  /** A server that does nothing before a page was opened; it is to be asked again after that. */
  const pagesFirst = (call: OpenCall, error: UrlElicitationRequiredError): void => {
    if (person === undefined) return;
    const pages = pagesSchema.safeParse(error.elicitations);
    if (!pages.success) return;
    for (const { message, url } of pages.data) {
      const question = { what: call.what, call: call.idempotencyKey, message, url };
      const found = person.ask(question);
      if (found.state === "open") throw needed(server, question, found.id);
      // It was answered, and the server is not content: the next call asks anew.
      if (found.state === "accepted") person.used(found.id);
    }
  };

  return {
    during: async (asking, work) => {
      const call: OpenCall = { ...asking, answers: [], waits: undefined };
      calls.add(call);
      try {
        const done = await work();
        if (call.waits !== undefined) throw call.waits;
        for (const id of call.answers) person?.used(id);
        return done;
      } catch (error) {
        if (call.waits !== undefined) throw call.waits;
        const first = causesOf(error).find((cause) =>
          UrlElicitationRequiredError.isInstance(cause),
        );
        if (first !== undefined) pagesFirst(call, first);
        throw error;
      } finally {
        calls.delete(call);
      }
    },
    answer: async (params, inResult) => {
      const [call, ...others] = calls;
      if (person === undefined || call === undefined) {
        unanswered(params.message, "Nobody could be asked, so it got a no.");
        return declined;
      }
      const text = JSON.stringify(params);
      if (text.length > shownLength) {
        unanswered(
          `${params.message.slice(0, 200)}…`,
          "It is too long to be shown, so it got a no.",
        );
        return declined;
      }
      if (others.length > 0) {
        const why =
          "Several calls were under way, and nobody could tell which it belongs to, so it was dismissed. Call the tool again by itself.";
        unanswered(params.message, why);
        return dismissed;
      }
      return await answer(person, call, questionOf(call, params), inResult);
    },
  };
}

function questionOf(call: OpenCall, params: ElicitRequestParams): ServerQuestion {
  const { what, idempotencyKey } = call;
  const common = { what, call: idempotencyKey, message: params.message };
  return params.mode === "url"
    ? { ...common, url: params.url }
    : { ...common, form: toJsonValue(params.requestedSchema) as JsonObject };
}

/** A page is only agreed to: what is done there is between the person and the server. */
function contentOf({ form }: ServerQuestion, content: JsonObject): Pick<ElicitResult, "content"> {
  return form === undefined ? {} : { content: content as NonNullable<ElicitResult["content"]> };
}

/** The question in words, always with the server's name. */
export function asksText(server: string, { message, url }: ServerQuestion): string {
  const page = url === undefined ? "" : ` It wants this page to be opened: ${url}`;
  return `MCP server "${server}" asks: ${message}${page}`;
}

/** The call ends here; it counts as not sent, so that all it took is given back for the next time. */
function needed(server: string, question: ServerQuestion, approvalId: string): BoundaryError {
  return new BoundaryError("approval_required", asksText(server, question), {
    phase: "before_send",
    ruleId: elicitationRule,
    approvalId,
    hint: `Run \`agent33 approvals answer ${approvalId}\`, then resume the run.`,
  });
}
