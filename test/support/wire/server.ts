import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Script, scriptedParts } from "../../../src/models/scripted.ts";
import { loadTokenCounter } from "../../../src/models/tokens.ts";
import { anthropic } from "./anthropic.ts";
import { llamaCpp, ollama, openaiChat, vllm } from "./chat-completions.ts";
import {
  type Dialect,
  Refused,
  type WireRefusal,
  type WireRequest,
  type WireTurn,
} from "./dialect.ts";
import { google } from "./google.ts";
import { openaiResponses } from "./openai-responses.ts";

/** Every way in which a model is spoken to. */
export const dialects: readonly Dialect[] = [
  anthropic,
  openaiResponses,
  openaiChat,
  google,
  ollama,
  llamaCpp,
  vllm,
];

/** What a server does with one request. */
export type WireAnswer =
  | { readonly kind: "turn"; readonly turn: WireTurn }
  | { readonly kind: "refusal"; readonly refusal: WireRefusal }
  /** A stream that has begun well, and then this; without it, it ends there. */
  | { readonly kind: "begun"; readonly turn: WireTurn; readonly next?: string }
  /** As before, and the connection is cut. */
  | { readonly kind: "cut"; readonly turn: WireTurn };

export interface WireServer {
  readonly url: string;
  /** What its model is called here. */
  readonly spec: string;
  /** The key that it wants, where it wants one. */
  readonly env: Readonly<Record<string, string>>;
  readonly requests: readonly WireRequest[];
  /** Why it refused requests, where it did. */
  readonly refusals: readonly string[];
  close(): Promise<void>;
}

const streamed = { "content-type": "text/event-stream", "cache-control": "no-cache" };
/** Small enough that events, and characters, are cut. */
const pieceBytes = 41;

/**
 * A server that speaks as a provider does, and refuses what that would refuse. Runs on loopback.
 * @param decide what to answer after so many turns
 */
export async function wireServer(
  dialect: Dialect,
  decide: (turnsBefore: number, index: number, request: WireRequest) => WireAnswer,
): Promise<WireServer> {
  const requests: WireRequest[] = [];
  const refusals: string[] = [];
  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = await received(incoming);
    requests.push(request);
    let answer: WireAnswer;
    try {
      answer = decide(dialect.turnsIn(request), requests.length - 1, request);
    } catch (thrown) {
      if (!(thrown instanceof Refused)) throw thrown;
      refusals.push(thrown.message);
      const body = { error: { message: thrown.message, type: "invalid_request_error" } };
      answer = { kind: "refusal", refusal: { status: 400, body } };
    }
    if (answer.kind === "refusal") return refuse(response, answer.refusal);
    response.writeHead(200, streamed);
    const events = dialect.events(answer.turn);
    const text =
      answer.kind === "turn"
        ? events.join("")
        : events.slice(0, dialect.begun).join("") +
          (answer.kind === "begun" ? (answer.next ?? "") : "");
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      response.write(bytes.subarray(at, at + pieceBytes));
    }
    // What was written is to arrive before the cut.
    if (answer.kind === "cut") setTimeout(() => response.destroy(), 30);
    else response.end();
  };
  const server = createServer((incoming, response) => void serve(incoming, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    spec: dialect.spec(url),
    env: dialect.keyVariable === undefined ? {} : { [dialect.keyVariable]: "key-1" },
    requests,
    refusals,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function refuse(response: ServerResponse, { status, headers = {}, body }: WireRefusal): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const type = typeof body === "string" ? "text/plain" : "application/json";
  response.writeHead(status, { "content-type": type, ...headers });
  response.end(text);
}

async function received(incoming: IncomingMessage): Promise<WireRequest> {
  const pieces: Buffer[] = [];
  for await (const piece of incoming) pieces.push(piece as Buffer);
  const text = Buffer.concat(pieces).toString("utf8");
  return {
    path: incoming.url ?? "",
    headers: incoming.headers,
    body: (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>,
  };
}

const tokens = await loadTokenCounter();

/** The turns of a script, one after the other, whichever provider says them. Its counts are true. */
export function turnsOf(
  script: Script,
): (turnsBefore: number, index: number, request: WireRequest) => WireAnswer {
  return (turnsBefore, _index, { body }) => {
    const turn = script.turns[turnsBefore];
    if (turn === undefined) throw new Refused(`the script has no turn ${turnsBefore + 1}`);
    const parts = scriptedParts(turn, turnsBefore);
    const calls = parts.flatMap((part) =>
      part.type === "tool_call"
        ? [{ id: part.toolCallId, name: part.toolName, argumentsText: part.argumentsText }]
        : [],
    );
    const input = tokens.text(JSON.stringify(body));
    const output = tokens.parts(parts);
    const reasoning = tokens.text(turn.reasoning ?? "");
    const cached = Math.floor(input / 2);
    return {
      kind: "turn",
      turn: {
        ...(turn.reasoning === undefined ? {} : { reasoning: turn.reasoning }),
        ...(turn.text === undefined ? {} : { text: turn.text }),
        calls,
        usage: { input, cached, written: Math.floor(input / 4), output, reasoning },
      },
    };
  };
}
