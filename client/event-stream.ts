import type { Silence } from "./silence.ts";

/** One server-sent event. */
export interface ServerEvent {
  /** The last id that was told, with this event or before it. */
  readonly id: string | undefined;
  readonly event: string;
  readonly data: string;
}

/** Longest event that is taken, in UTF-16 units: a stream without an end is none. */
const longestEvent = 64 * 1024 * 1024;

/**
 * Reads server-sent events (WHATWG HTML, section 9.2.6) from bytes, however these are cut.
 * @param heard told of each piece that comes, also of comments
 * @throws what reading the bytes throws
 */
export async function* serverEvents(
  bytes: AsyncIterable<Uint8Array>,
  heard: () => void = () => undefined,
): AsyncGenerator<ServerEvent, void, undefined> {
  const decoder = new TextDecoder();
  const reader = createLineReader();
  for await (const piece of bytes) {
    heard();
    yield* reader.take(decoder.decode(piece, { stream: true }));
  }
  // What the stream broke off in is dropped, as the standard says: it comes again with the next one.
}

function createLineReader() {
  let rest = "";
  let id: string | undefined;
  let event = "";
  let data: string[] = [];
  const field = (line: string): void => {
    const colon = line.indexOf(":");
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") data.push(value);
    else if (name === "event") event = value;
    else if (name === "id" && !value.includes("\0")) id = value;
  };
  return {
    *take(text: string): Generator<ServerEvent, void, undefined> {
      rest += text;
      if (rest.length > longestEvent) throw new Error("An event of the stream is too long.");
      for (;;) {
        const end = /\r\n|\n|\r/.exec(rest);
        // A CR at the very end may be the first half of a CRLF.
        if (end === null || (end[0] === "\r" && end.index === rest.length - 1)) return;
        const line = rest.slice(0, end.index);
        rest = rest.slice(end.index + end[0].length);
        if (line !== "") {
          field(line);
          continue;
        }
        if (data.length > 0) yield { id, event: event || "message", data: data.join("\n") };
        event = "";
        data = [];
      }
    },
  };
}

/**
 * The bytes of a response's body. Leaving the loop ends the response.
 * @param silence its time runs only while a piece is waited for
 */
export async function* bytesOf(
  body: ReadableStream<Uint8Array>,
  silence?: Silence,
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  let isOver = false;
  try {
    for (;;) {
      silence?.heard();
      const { done, value } = await reader.read();
      silence?.end();
      isOver = done;
      if (done) return;
      yield value;
    }
  } finally {
    silence?.end();
    // A body that broke has ended already.
    if (!isOver) await reader.cancel().catch(() => undefined);
  }
}

/**
 * The values of JSON lines, as they come.
 * @throws SyntaxError for a line that is no JSON; DOMException `TimeoutError` after a silence
 */
export async function* jsonLines<T>(
  body: ReadableStream<Uint8Array>,
  silence?: Silence,
): AsyncGenerator<T, void, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const piece of bytesOf(body, silence)) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") yield JSON.parse(line) as T;
  }
  if (rest.trim() !== "") yield JSON.parse(rest) as T;
}
