import type { PersonMessage } from "../agents/steering.ts";
import { Agent33Error } from "../base/errors.ts";
import type { Redactor } from "../base/redact.ts";
import type { Durable } from "../durable/contract.ts";
import type { PersonTopic, StoredEvent } from "../events/event.ts";
import type { Run } from "../store/repositories/runs.ts";
import type { Host } from "./host.ts";
import type { EngineStore } from "./tenant-store.ts";

/** A message on its way to a run's agent. */
export interface SentMessage {
  readonly runId: string;
  readonly key: string;
}

/**
 * `waiting`: a process works on the run, and its agent will come to it. `kept`: nobody does, and it
 * is read when the run goes on. `read` and `undelivered` are for good.
 */
export type MessageFate = "waiting" | "kept" | "read" | "undelivered";

export interface PostParts {
  readonly store: EngineStore;
  readonly durable: Durable;
  readonly host: Host;
  readonly redactor: Redactor;
}

/** What people say to runs at work. It goes by the run's mailbox, so any process may send it. */
export function createPost({ store, durable, host, redactor }: PostParts) {
  return {
    send: (prefix: string, text: string, topic: PersonTopic, key = host.ids()): SentMessage => {
      if (text.trim() === "") {
        throw new Agent33Error("engine.nothing_said", "The message is empty.", {
          hint: "Say in words what the agent should do.",
        });
      }
      // The agent stops in one transaction with its last look into the mailbox: what is sent before
      // is read or recorded as unread, what comes after is refused here.
      return store.transactions.transaction(() => {
        const run = store.runs.find(prefix);
        if (run.state === "finished") throw alreadyFinished(run);
        if (store.runLog.read(run.id).some(isEnd)) {
          throw agentStopped(run.id);
        }
        const message: PersonMessage = { text: redactor.text(text), key };
        durable.send(run.id, topic, message, `said:${key}`);
        return { runId: run.id, key };
      });
    },
    fateOf: ({ runId, key }: SentMessage): MessageFate => {
      for (const event of store.runLog.read(runId)) {
        if (event.type === "message.user" && event.key === key) return "read";
        if (event.type === "message.undelivered" && event.key === key) return "undelivered";
      }
      const status = durable.status(runId);
      const held = status?.state === "running" && (status.leaseUntil ?? 0) > host.clock.now();
      return held ? "waiting" : "kept";
    },
  };
}

/** The run's own agent has stopped; those that worked for it do so all the time. */
function isEnd(event: StoredEvent): boolean {
  return event.type === "agent.stopped" && event.agentPath === undefined;
}

function agentStopped(runId: string): Agent33Error {
  return new Agent33Error(
    "engine.agent_stopped",
    `The agent of run ${runId} has stopped; its work is being checked.`,
    { hint: "Nothing reads a message any more. Start a new run with it." },
  );
}

/** The error for a run that is over. */
export function alreadyFinished(run: Run): Agent33Error {
  return new Agent33Error(
    "engine.run_finished",
    `Run ${run.id} has finished: ${run.outcome ?? "no outcome"}.`,
    {
      hint: `Look at it with \`agent33 runs show ${run.id}\`, or start a new one.`,
    },
  );
}
