import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** One tool call of a turn on the wire. */
export interface WireToolCall {
  readonly id: string;
  readonly name: string;
  readonly argumentsText: string;
}

export interface WireUsage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly cachedTokens?: number;
  readonly reasoningTokens?: number;
}

/** A turn that is answered as it should be, in pieces. */
export interface TurnBehaviour {
  readonly kind: "turn";
  readonly reasoning?: string;
  readonly text?: string;
  readonly toolCalls?: readonly WireToolCall[];
  /** Default: `tool_calls` with tool calls, else `stop`. */
  readonly finishReason?: string;
  /** Left out: none is sent, as some servers do. */
  readonly usage?: WireUsage;
  readonly model?: string;
  /** Milliseconds before each piece. */
  readonly pauseMs?: number;
}

/** What the server does with one request. */
export type Behaviour =
  | TurnBehaviour
  | {
      readonly kind: "status";
      readonly status: number;
      readonly message?: string;
      readonly code?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** The socket is destroyed: before anything, after the headers, or after a piece of text. */
  | { readonly kind: "broken"; readonly after: "request" | "headers" | "first_chunk" }
  /** The stream ends in good order, but before the turn is complete. */
  | { readonly kind: "cut_short" }
  /** Status 200 with a web page, or a stream with broken JSON in it. */
  | { readonly kind: "garbage"; readonly form: "page" | "json" }
  /** An error event inside a stream that had begun. */
  | { readonly kind: "error_event"; readonly message: string; readonly code?: string | number }
  /** Silence until the client goes away: instead of an answer, or after the first piece. */
  | { readonly kind: "hang"; readonly at: "start" | "between_chunks" };

/** A request as the server got it. */
export interface RecordedRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: ChatRequest;
}

export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly [field: string]: unknown }[];
  readonly [field: string]: unknown;
}

export interface OpenAiServer {
  /** With `/v1`, ready to be a base URL. */
  readonly baseUrl: string;
  readonly requests: readonly RecordedRequest[];
  close(): Promise<void>;
}

/** What to do with each request in turn, or a function that decides. */
export type Behaviours =
  | readonly Behaviour[]
  | ((request: RecordedRequest, index: number) => Behaviour);

/**
 * A server that speaks the OpenAI chat-completions wire format over real sockets, and misbehaves on
 * demand. A request past the end of the list gets a 400, which nobody retries.
 * @param port 0 takes a free one
 */
export async function startOpenAiServer(behaviours: Behaviours, port = 0): Promise<OpenAiServer> {
  const requests: RecordedRequest[] = [];
  const decide =
    typeof behaviours === "function"
      ? behaviours
      : (_request: RecordedRequest, index: number): Behaviour =>
          behaviours[index] ?? {
            kind: "status",
            status: 400,
            message: `the server was told what to do with ${behaviours.length} requests only`,
          };
  const closing = new AbortController();
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const recorded = await receive(request);
      requests.push(recorded);
      const behaviour = decide(recorded, requests.length - 1);
      await answer(behaviour, recorded.body, response, closing.signal);
    } catch {
      // The client went away in the middle; there is nobody left to tell.
      response.destroy();
    }
  };
  const server = createServer((request, response) => {
    void serve(request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${bound}/v1`,
    requests,
    close: () => {
      closing.abort();
      return stop(server);
    },
  };
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function receive(request: IncomingMessage): Promise<RecordedRequest> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const text = Buffer.concat(pieces).toString("utf8");
  return {
    path: request.url ?? "",
    headers: request.headers,
    body: (text === "" ? { model: "", messages: [] } : JSON.parse(text)) as ChatRequest,
  };
}

async function answer(
  behaviour: Behaviour,
  body: ChatRequest,
  response: ServerResponse,
  closing: AbortSignal,
): Promise<void> {
  switch (behaviour.kind) {
    case "turn":
      for (const chunk of turnChunks(behaviour, body)) {
        if (behaviour.pauseMs !== undefined)
          await sleep(behaviour.pauseMs, undefined, { signal: closing });
        await send(response, chunk);
      }
      response.end("data: [DONE]\n\n");
      return;
    case "status":
      response.writeHead(behaviour.status, {
        "content-type": "application/json",
        ...behaviour.headers,
      });
      response.end(
        JSON.stringify({
          error: {
            message: behaviour.message ?? `status ${behaviour.status}`,
            type: "error",
            code: behaviour.code ?? null,
          },
        }),
      );
      return;
    case "broken":
      if (behaviour.after !== "request") begin(response);
      if (behaviour.after === "headers") await flushed(response, ": nothing yet\n\n");
      if (behaviour.after === "first_chunk")
        await send(response, delta(body, { content: "Half of" }));
      response.destroy();
      return;
    case "cut_short":
      await send(response, delta(body, { content: "Half of" }));
      response.end();
      return;
    case "garbage":
      if (behaviour.form === "page") {
        response.writeHead(200, { "content-type": "text/html" });
        response.end("<!doctype html><title>Welcome</title><p>It works!");
      } else {
        begin(response);
        response.end('data: {"choices": [{"delta": {"cont\n\n');
      }
      return;
    case "error_event":
      await send(response, delta(body, { content: "Half of" }));
      await send(response, {
        error: { message: behaviour.message, type: "error", code: behaviour.code ?? null },
      });
      response.end();
      return;
    case "hang":
      if (behaviour.at === "between_chunks")
        await send(response, delta(body, { content: "Half of" }));
      await gone(response, closing);
      return;
  }
}

function begin(response: ServerResponse): void {
  if (response.headersSent) return;
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
}

function send(response: ServerResponse, chunk: unknown): Promise<void> {
  begin(response);
  return flushed(response, `data: ${JSON.stringify(chunk)}\n\n`);
}

/** Resolves when the operating system has the bytes, so that a cut afterwards cannot swallow them. */
function flushed(response: ServerResponse, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    response.write(text, (error) => (error instanceof Error ? reject(error) : resolve()));
  });
}

function gone(response: ServerResponse, closing: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    response.once("close", resolve);
    closing.addEventListener("abort", () => resolve(), { once: true });
  });
}

function delta(body: ChatRequest, fields: object, finishReason: string | null = null) {
  return {
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1_700_000_000,
    model: body.model,
    choices: [{ index: 0, delta: fields, finish_reason: finishReason }],
  };
}

/** A turn cut into chunks as real servers cut it: texts in pieces, arguments in pieces by index. */
function* turnChunks(turn: TurnBehaviour, body: ChatRequest): Generator<object> {
  const named = { ...body, model: turn.model ?? body.model };
  yield delta(named, { role: "assistant", content: "" });
  for (const text of thirds(turn.reasoning ?? "")) yield delta(named, { reasoning_content: text });
  for (const text of thirds(turn.text ?? "")) yield delta(named, { content: text });
  for (const [index, call] of (turn.toolCalls ?? []).entries()) {
    const opening = { id: call.id, type: "function", function: { name: call.name, arguments: "" } };
    yield delta(named, { tool_calls: [{ index, ...opening }] });
    for (const text of thirds(call.argumentsText)) {
      yield delta(named, { tool_calls: [{ index, function: { arguments: text } }] });
    }
  }
  const usual = turn.toolCalls === undefined ? "stop" : "tool_calls";
  yield delta(named, {}, turn.finishReason ?? usual);
  if (turn.usage === undefined) return;
  yield {
    ...delta(named, {}),
    choices: [],
    usage: {
      prompt_tokens: turn.usage.promptTokens,
      completion_tokens: turn.usage.completionTokens,
      total_tokens: turn.usage.promptTokens + turn.usage.completionTokens,
      prompt_tokens_details: { cached_tokens: turn.usage.cachedTokens ?? 0 },
      completion_tokens_details: { reasoning_tokens: turn.usage.reasoningTokens ?? 0 },
    },
  };
}

function thirds(text: string): readonly string[] {
  const points = Array.from(text);
  const length = Math.max(1, Math.ceil(points.length / 3));
  return Array.from({ length: Math.ceil(points.length / length) }, (_, n) =>
    points.slice(n * length, (n + 1) * length).join(""),
  );
}
