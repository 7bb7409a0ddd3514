import { z } from "zod";
import type { JsonValue } from "../base/json.ts";
import type { Activity, Mail, Mailbox, WorkflowContext } from "../durable/contract.ts";
import {
  type NewEvent,
  type PersonTopic,
  personTopics,
  type StoredEvent,
} from "../events/event.ts";
import type { AgentPorts } from "./ports.ts";
import { eventsOfAgent, type Scope } from "./scope.ts";
import { toolCallsOf } from "./state.ts";

const personMessageSchema = z.object({ text: z.string(), key: z.string() });

/** What a person says to an agent at work, as the run's mailbox carries it. */
export type PersonMessage = z.infer<typeof personMessageSchema>;

/** What an activity tells its workflow of the mailbox; nothing while nobody speaks. */
export type Spoken = { readonly spoke?: PersonTopic };

/**
 * Whether a person's words wait to be read. Steering comes before follow-ups: those wait until the
 * agent would stop. People speak to the run's own agent; those that work for it see only that they
 * are to leave off.
 */
export function spokenIn(mailbox: Mailbox, { agentPath }: Scope): Spoken {
  const topics = agentPath === undefined ? personTopics : (["steering"] as const);
  const spoke = topics.find((topic) => mailbox.has(topic));
  return spoke === undefined ? {} : { spoke };
}

export type HeardInput = Scope & {
  readonly turn: number;
  /** The turn's first call that had not begun; null where it has none. */
  readonly notRunFrom: number | null;
  readonly topic: PersonTopic;
  /** What the workflow took out of the mailbox. */
  readonly said: readonly JsonValue[];
};
export type HeardResult = { readonly seq: number };

/**
 * A person's words become the next messages of the run. Calls that had not begun are answered first,
 * so that no message stands between a call and its result.
 */
export function personHeard(ports: AgentPorts): Activity<HeardInput, HeardResult> {
  return {
    name: "person.heard",
    run: async ({ turn, notRunFrom, topic, said, ...scope }, { runId }) => {
      const messages = said.map((payload): NewEvent => {
        return { type: "message.user", ...personMessageSchema.parse(payload), from: topic };
      });
      const notRun =
        notRunFrom === null
          ? []
          : toolCallsOf(eventsOfAgent(ports.log.read(runId), scope), turn)
              .map((part, index): NewEvent => ({ ...scope, ...notRunCall(turn, index, part) }))
              .slice(notRunFrom);
      return () => {
        const stored = ports.log.append(runId, [...notRun, ...messages]);
        return { seq: stored.at(-1)?.seq ?? 0 };
      };
    },
  };
}

/** Takes what a person has said out of the mailbox: all steering at once, follow-ups one by one. */
export async function takeWords(
  context: WorkflowContext,
  topic: PersonTopic,
): Promise<readonly JsonValue[]> {
  const said: JsonValue[] = [];
  for (;;) {
    const mail = await context.poll(topic);
    if (mail !== null) said.push(mail.payload);
    if (mail === null || topic === "follow_up") return said;
  }
}

const notRunWords =
  "Not run: a person spoke before this call began. Read what they say, then ask for it again if it is still right.";

function notRunCall(
  turn: number,
  index: number,
  { toolCallId, toolName }: { readonly toolCallId: string; readonly toolName: string },
): NewEvent {
  return {
    type: "tool.completed",
    turn,
    index,
    toolCallId,
    toolName,
    content: notRunWords,
    isError: true,
    decision: null,
    attempts: 0,
    durationMs: 0,
    error: { code: "agents.person_spoke", message: notRunWords, retryable: false },
  };
}

/**
 * What was sent and is not in the log, as events that say so. Looked for by key, because a message
 * may have been taken by a workflow that was ended before it wrote it down.
 */
export function undelivered(
  events: readonly StoredEvent[],
  sent: (topic: PersonTopic) => readonly Mail[],
): readonly NewEvent[] {
  const known = new Set(
    events.map((event) =>
      event.type === "message.user" || event.type === "message.undelivered" ? event.key : undefined,
    ),
  );
  return personTopics.flatMap((from) =>
    sent(from)
      .map(({ payload }) => personMessageSchema.parse(payload))
      .filter(({ key }) => !known.has(key))
      .map((message): NewEvent => ({ type: "message.undelivered", ...message, from })),
  );
}
