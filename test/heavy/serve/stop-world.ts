import { mkdirSync, readFileSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { DatabaseSync } from "node:sqlite";
import { stringify } from "yaml";
import type { JsonObject, JsonValue } from "../../../src/base/json.ts";
import type { Random } from "../../../src/base/random.ts";
import { decodeEvent } from "../../../src/events/codec.ts";
import { effectsTools, startEffectsPeer } from "../../support/effects-peer.ts";
import type { KillRow } from "../../support/kill/rows.ts";
import { type Story, storyOf } from "../../support/kill/story.ts";
import { onceTools, type Trial } from "../../support/kill/trial.ts";
import {
  type Behaviour,
  type RecordedRequest,
  startOpenAiServer,
  type WireToolCall,
} from "../../support/openai-server.ts";
import type { Truth } from "./follower.ts";
import { serverFolder } from "./served.ts";

/** A model, a server of tools and a folder that outlive the service that works with them. */
export interface StopWorld {
  readonly folder: string;
  /** The body that starts a run whose effects carry a tag. */
  runBody(tag: string): JsonObject;
  /** How a run went, by what was told of it. */
  trialOf(runId: string, tag: string, outcome: string, truth: Truth): Trial;
  close(): Promise<void>;
}

/** What each run does: reads side by side, and writes of all kinds. */
export const workRow: KillRow = { name: "serve", turns: [] };

const usage = { promptTokens: 100, completionTokens: 10 };

/** The turns of one run: text, and calls of tools. */
function turnsOf(tag: string): readonly (readonly (readonly [string, JsonObject])[])[] {
  const use = (tool: string, what: string) => [`effects__${tool}`, { what }] as const;
  return [
    [use("look", "a"), use("look", "b")],
    [
      use("put", `a-${tag}`),
      use("ring", `b-${tag}`),
      ["append_line", { path: "notes.txt", line: `c-${tag}` }],
    ],
    [use("look", "c"), use("put", `d-${tag}`)],
    [use("ring", `e-${tag}`), ["append_line", { path: "notes.txt", line: `f-${tag}` }]],
    [],
  ];
}

/** What the model says to a request: the next turn of the run that its task names. */
function answerTo({ body }: RecordedRequest): Behaviour {
  const task = body.messages.find(({ role }) => role === "user");
  const tag = /Do the work (\w+)\./.exec(JSON.stringify(task?.["content"] ?? ""))?.[1];
  const past = body.messages.filter(({ role }) => role === "assistant").length;
  const calls = tag === undefined ? [] : (turnsOf(tag)[past] ?? []);
  if (calls.length === 0) return { kind: "turn", text: "Done.", usage, pauseMs: 5 };
  const toolCalls = calls.map(
    ([name, given], index): WireToolCall => ({
      id: `call_${past}_${index}`,
      name,
      argumentsText: JSON.stringify(given),
    }),
  );
  return { kind: "turn", text: "I go on.", toolCalls, usage, pauseMs: 5 };
}

const agent = {
  name: "clerk",
  version: "1.0.0",
  role: "You answer.",
  instructions: "Answer in a word.",
};

export async function makeStopWorld(random: Random): Promise<StopWorld> {
  const pause = (): Promise<void> => delay(20 + Math.floor(random.next() * 200));
  const effects = await startEffectsPeer("/dev/null", pause, pause);
  const model = await startOpenAiServer(answerTo);
  const folder = serverFolder("serve-stop", {
    model: "openai-compatible:clerk",
    baseUrl: model.baseUrl,
    unpriced: "allow",
    serve: { concurrency: 8, requestsPerMinute: 1_000_000, workspaces: ["workspaces"] },
    mcpServers: { effects: { type: "http", url: effects.url, tools: effectsTools } },
  });
  mkdirSync(join(folder, "workspaces"));
  mkdirSync(join(folder, "agents"));
  writeFileSync(join(folder, "agents", "clerk.yaml"), stringify(agent));
  const linesOf = (tag: string): readonly string[] => {
    const path = join(folder, "workspaces", tag, "notes.txt");
    return existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean) : [];
  };
  return {
    folder,
    runBody: (tag) => {
      mkdirSync(join(folder, "workspaces", tag), { recursive: true });
      return { task: `Do the work ${tag}.`, workspace: `workspaces/${tag}` };
    },
    trialOf: (runId, tag, outcome, truth) => {
      const events = [...truth].sort(([one], [other]) => one - other).map(([, text]) => text);
      const done = effects.effects.filter((effect) => effect.endsWith(`-${tag}`));
      return {
        outcome,
        story: plainStory(storyOf(events.map(decodeEvent), [tag], onceTools)),
        effects: [...done, ...linesOf(tag)].map((text) => text.replaceAll(tag, "TAG")).sort(),
        transactions: 0,
        wasCut: true,
        openSteps: openSteps(folder, runId),
      };
    },
    close: async () => {
      await effects.close();
      await model.close();
    },
  };
}

/** What was done, in which turn and how it ended: what each run says of it has words of its own. */
function plainStory(story: Story): Story {
  const events = story.events.map((event) => {
    const { type, turn, index, toolName, isError, outcome } = event as JsonObject;
    return JSON.parse(
      JSON.stringify({ type, turn, index, toolName, isError, outcome }),
    ) as JsonObject;
  });
  return { ...story, events };
}

/** Steps of the journal that have no end, where all should. */
function openSteps(folder: string, runId: string): readonly JsonValue[] {
  const native = new DatabaseSync(join(folder, ".agent33/agent33.db"), { readOnly: true });
  try {
    return native
      .prepare("SELECT position, name FROM durable_steps WHERE run_id = ? AND state = 'started'")
      .all(runId) as JsonValue[];
  } finally {
    native.close();
  }
}
