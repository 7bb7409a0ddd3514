import { countTokens } from "gpt-tokenizer/encoding/cl100k_base";
import { join } from "node:path";
import type { JsonValue } from "../../src/base/json.ts";
import { effectsTools, startEffectsPeer } from "./effects-peer.ts";
import { type TestEngine, testEngine } from "./engine.ts";
import {
  type Behaviour,
  type ChatRequest,
  type OpenAiServer,
  startOpenAiServer,
  type TurnBehaviour,
} from "./openai-server.ts";
import { temporaryFolder } from "./temporary.ts";

/** A request as a provider sees it. */
export interface SeenRequest {
  readonly body: ChatRequest;
  /** What its JSON counts by another tokenizer than ours. */
  readonly tokens: number;
  readonly isSummary: boolean;
  /** The place among its kind, from 0. */
  readonly index: number;
}

export interface LongRun {
  readonly made: TestEngine;
  readonly requests: readonly SeenRequest[];
  readonly server: OpenAiServer;
  close(): Promise<void>;
}

export interface LongRunPlan {
  /** What the model answers in each turn. */
  readonly turn: (request: SeenRequest) => Behaviour;
  /** What it answers when it is asked for a summary. */
  readonly summary?: (request: SeenRequest) => Behaviour;
  /** What a look shows. */
  readonly look: (what: string, made: TestEngine) => string | Promise<string>;
  readonly settings?: Readonly<Record<string, JsonValue>>;
  /** How many tokens the provider says that it has counted, of those that it has. Default: as many. */
  readonly counts?: (tokens: number, turn: number) => number;
}

const known = new Map<string, number>();
/** Counts JSON piece by piece: a conversation is mostly what it was in the request before. */
function countJson(value: unknown): number {
  const text = JSON.stringify(value);
  const before = known.get(text);
  if (before !== undefined) return before;
  const tokens = countTokens(text, { disallowedSpecial: new Set() });
  known.set(text, tokens);
  return tokens;
}

/** What a request counts: the JSON of its messages and of its tools, as cl100k_base cuts it. */
export function wireTokens(body: ChatRequest): number {
  const messages = body.messages.reduce((sum, message) => sum + countJson(message), 0);
  return messages + countJson(body["tools"] ?? []);
}

/** An engine, a provider that counts what it gets, and a server with something to look at. */
export async function startLongRun(plan: LongRunPlan): Promise<LongRun> {
  const folder = temporaryFolder("long-run");
  const requests: SeenRequest[] = [];
  const server = await startOpenAiServer(({ body }) => {
    const tokens = wireTokens(body);
    const isSummary = JSON.stringify(body.messages[0]).includes("You keep the record of");
    const index = requests.filter((one) => one.isSummary === isSummary).length;
    const seen = { body, tokens, isSummary, index };
    requests.push(seen);
    const behaviour = isSummary ? (plan.summary ?? usualSummary)(seen) : plan.turn(seen);
    if (behaviour.kind !== "turn" || behaviour.usage !== undefined) return behaviour;
    const promptTokens = Math.round((plan.counts ?? ((all) => all))(tokens, index));
    return { ...behaviour, usage: { promptTokens, completionTokens: 20 } };
  });
  const context: { made?: TestEngine } = {};
  const peer = await startEffectsPeer(join(folder, "state.txt"), (what) =>
    context.made === undefined ? "" : plan.look(what, context.made),
  );
  const made = testEngine(
    {
      baseUrl: server.baseUrl,
      "limits.maxSteps": 1_000,
      "limits.maxTokens": 100_000_000,
      mcpServers: { peer: { type: "http", url: peer.url, tools: effectsTools } },
      ...plan.settings,
    },
    folder,
  );
  context.made = made;
  return {
    made,
    requests,
    server,
    close: async () => {
      await made.engine.close();
      await server.close();
      await peer.close();
    },
  };
}

const usualSummary = ({ index }: SeenRequest): Behaviour => ({
  kind: "turn",
  text: `## Done\n${index + 1} records so far\n## Next\ngo on`,
});

/** A turn that looks at something. */
export function looksAt(index: number, what: string, text = `I look at ${what}.`): TurnBehaviour {
  const argumentsText = JSON.stringify({ what });
  return {
    kind: "turn",
    text,
    toolCalls: [{ id: `look_${index}`, name: "peer__look", argumentsText }],
  };
}

/** What a provider would refuse of a request's messages. */
export function wireFaults({ messages }: ChatRequest): readonly string[] {
  const faults: string[] = [];
  let waiting: string[] = [];
  for (const [place, message] of messages.entries()) {
    const {
      role,
      tool_calls: calls,
      tool_call_id: id,
    } = message as {
      readonly role: string;
      readonly tool_calls?: readonly { readonly id: string }[];
      readonly tool_call_id?: string;
    };
    if (role === "tool") {
      if (waiting[0] !== id) faults.push(`message ${place} is the result of no call: ${id ?? ""}`);
      waiting = waiting.slice(1);
      continue;
    }
    if (waiting.length > 0) faults.push(`before message ${place} results are missing`);
    waiting = (calls ?? []).map((call) => call.id);
  }
  if (waiting.length > 0) faults.push("the last results are missing");
  return faults;
}

/** Text of so many words, another for each seed. */
export function passage(seed: number, words: number): string {
  const of = [
    "ledger",
    "entry",
    "invoice",
    "carried",
    "forward",
    "amount",
    "signed",
    "by",
    "clerk",
    "on",
  ];
  return Array.from({ length: words }, (_none, place) =>
    place % 7 === 3
      ? String((seed * 7919 + place * 104_729) % 100_000)
      : (of[(seed + place * 3) % of.length] ?? ""),
  ).join(" ");
}
