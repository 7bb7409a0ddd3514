import { setTimeout as delay } from "node:timers/promises";
import type { JsonValue } from "../../../src/base/json.ts";
import type { Engine } from "../../../src/engine.ts";
import type { ScriptedTurn } from "../engine.ts";
import { handTo } from "../team.ts";

/** One run that is killed at every point. The model's turns do not depend on what it is told. */
export interface KillRow {
  readonly name: string;
  readonly turns: readonly ScriptedTurn[];
  readonly settings?: Readonly<Record<string, JsonValue>>;
  /** Definitions by the agents' names; the first is the run's own. */
  readonly agents?: Readonly<Record<string, Readonly<Record<string, JsonValue>>>>;
  /** What the others say, by name. */
  readonly says?: Readonly<Record<string, readonly ScriptedTurn[]>>;
  /** A shell line that is the task's visible check; `$STATE` is the file with what was last put. */
  readonly check?: string;
  /** Whether appending to the notes needs a person's yes. */
  readonly asks?: boolean;
  /** What that person says. Default: yes. */
  readonly answer?: "approved" | "denied";
  /** What somebody in another process does while the agent looks at something. */
  readonly onLook?: (
    what: string,
    person: Engine,
    runId: string,
  ) => string | undefined | void | Promise<void>;
  /** What the model says when it is asked for a summary of earlier turns. */
  readonly summaries?: readonly ScriptedTurn[];
  /**
   * Whether an unknown outcome may change what happens next. Then what may be done once is held
   * against the run's own log only.
   */
  readonly turnsOnUnknown?: boolean;
}

const use = (tool: string, what: string) => ({
  name: `peer__${tool}`,
  arguments: { what },
});
const append = (line: string) => ({
  name: "append_line",
  arguments: { path: "notes.txt", line },
});
const done: ScriptedTurn = { text: "Done." };
const turn = (...calls: NonNullable<ScriptedTurn["tool_calls"]>): ScriptedTurn => ({
  tool_calls: calls,
});

const drawer: JsonValue = {
  type: "object",
  properties: { drawer: { type: "integer" } },
  required: ["drawer"],
};

export const killRows: readonly KillRow[] = [
  {
    name: "parallel reads",
    turns: [
      turn(use("look", "a"), use("look", "b"), use("look", "c")),
      turn(use("look", "d"), use("put", "e"), use("look", "f"), use("look", "g")),
      done,
    ],
  },
  {
    name: "writes in order, keyed and once",
    turns: [turn(use("put", "a"), use("ring", "b"), append("c"), use("put", "d")), done],
  },
  {
    name: "a yes from a person",
    asks: true,
    turns: [turn(append("a"), use("put", "b")), turn(append("c")), done],
  },
  {
    name: "a no from a person",
    asks: true,
    answer: "denied",
    turns: [turn(append("a"), use("ring", "b")), done],
  },
  {
    name: "a check that fails and then passes, and hidden tests",
    check: 'grep -q right "$STATE"',
    turns: [turn(use("put", "wrong")), done, turn(use("put", "right")), done],
  },
  {
    name: "going in circles",
    turnsOnUnknown: true,
    turns: [...Array.from({ length: 6 }, () => turn(append("again"))), done],
  },
  {
    name: "a limit with its closing turn",
    settings: { "limits.maxSteps": 2 },
    turns: [turn(use("put", "a")), turn(use("ring", "b")), { text: "That is how far I got." }],
  },
  {
    name: "tools that are found first",
    settings: { "tools.search": "always" },
    turns: [
      turn({ name: "find_tools", arguments: { query: "put something", limit: 3 } }),
      turn(use("put", "a")),
      turn(use("ring", "b")),
      done,
    ],
  },
  {
    name: "a cancel in the middle of a call",
    turns: [turn(use("put", "a")), turn(use("look", "stop"), use("put", "b")), done],
    onLook: async (what, person, runId) => {
      if (what !== "stop") return;
      person.runs.cancel(runId);
      // Who drives the run sees the wish at its next look, a quarter of a second later at most.
      await delay(1000);
    },
  },
  {
    name: "a person who steers, and one who leaves a follow-up",
    turns: [
      turn(use("look", "listen"), use("put", "never")),
      turn(use("put", "a")),
      done,
      turn(use("ring", "b")),
      done,
    ],
    onLook: (what, person, runId) => {
      if (what !== "listen") return;
      person.runs.send(runId, "Rather put a.", "steering", "one");
      person.runs.send(runId, "And ring b.", "follow_up", "two");
    },
  },
  {
    name: "tools, arguments and calls that are refused",
    turns: [
      turn({ name: "no_such_tool", arguments: {} }, { name: "peer__put", arguments_text: "{" }),
      turn(use("put", "a"), { name: "peer__ring", arguments: {} }, use("ring", "b")),
      done,
    ],
  },
  {
    name: "agents side by side that work for another",
    turnsOnUnknown: true,
    agents: { lead: { agents: ["writer", "ringer"] }, writer: {}, ringer: {} },
    turns: [turn(handTo("writer"), handTo("ringer")), turn(use("put", "c")), done],
    says: {
      writer: [turn(use("look", "a"), use("put", "a")), turn(append("a")), { text: "Written." }],
      ringer: [turn(use("ring", "b")), turn(use("look", "b")), { text: "Rung." }],
    },
  },
  {
    name: "an answer that must fit a form",
    agents: { sorter: { outputs: drawer } },
    turns: [
      turn(use("put", "a"), use("ring", "b")),
      { text: "No idea." },
      { text: '{"drawer":1}' },
    ],
  },
  {
    name: "a conversation that outgrows its window",
    settings: { "context.maxTokens": 2_000, "context.reserve": 300 },
    turns: [
      turn({
        name: "update_plan",
        arguments: { steps: [{ step: "Look at all", status: "in_progress" }] },
      }),
      ...Array.from({ length: 11 }, (_none, place) =>
        turn(use("look", `${place + 1}`), use("put", `${place}`)),
      ),
      turn(use("ring", "b"), use("look", "8")),
      done,
    ],
    // The first is written by the model; for the others it has no words, and the log has to do.
    summaries: [{ text: "## Done\nLooked at some." }],
    onLook: (what) => `${what} `.repeat(150),
  },
];
