import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createClient } from "../../client/index.ts";
import { serverEvents } from "../../client/event-stream.ts";

async function read(pieces: readonly Uint8Array[]) {
  const source = async function* () {
    yield* pieces;
  };
  return Array.fromAsync(serverEvents(source()));
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("server-sent events", () => {
  test("are read as the standard says", async () => {
    const text = [
      ": a comment\n\n",
      "id: 1\nevent: one\ndata: first\ndata:second\n\n",
      "data: third\r\n\r\n",
      "id\nevent: none\n\n",
      "data\n\n",
      "id: 7\rdata: ü€😀\r\r",
      "data: broken off",
    ].join("");
    expect(await read([bytes(text)])).toEqual([
      { id: "1", event: "one", data: "first\nsecond" },
      { id: "1", event: "message", data: "third" },
      { id: "", event: "message", data: "" },
      { id: "7", event: "message", data: "ü€😀" },
    ]);
  });

  test("are the same however the bytes are cut", async () => {
    const line = fc.stringMatching(/^[^\r\n\0]{0,20}$/u);
    const ends = fc.constantFrom("\n", "\r\n", "\r");
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ id: line, data: line }), { maxLength: 5 }),
        ends,
        fc.array(fc.nat(300), { maxLength: 8 }),
        async (events, end, cuts) => {
          const text = events.map(({ id, data }) => `id: ${id}${end}data: ${data}${end}${end}`);
          const whole = bytes(`${text.join("")}:${end}`);
          const places = [0, ...cuts.toSorted((a, b) => a - b), whole.length];
          const pieces = places.slice(1).map((to, at) => whole.subarray(places[at] ?? 0, to));
          const expected = events.map(({ id, data }) => ({ id, event: "message", data }));
          expect(await read(pieces)).toEqual(expected);
        },
      ),
    );
  });
});

/** Answers requests one after the other, and keeps what was asked. */
function scripted(answers: readonly ((signal: AbortSignal) => Response)[]) {
  const asked: { readonly url: string; readonly lastId: string | null }[] = [];
  const fetch = (async (url: string, init: RequestInit) => {
    const answer = answers[asked.length];
    asked.push({ url, lastId: new Headers(init.headers).get("last-event-id") });
    if (answer === undefined) throw new TypeError("fetch failed");
    return answer(init.signal ?? new AbortController().signal);
  }) as typeof globalThis.fetch;
  return { asked, api: createClient({ baseUrl: "http://engine", fetch }) };
}

const stream = (text: string) => () =>
  new Response(text, { headers: { "content-type": "text/event-stream" } });
const over = () => new Response(null, { status: 204 });
const problem = (status: number, code: string, retryable: boolean) => () =>
  new Response(JSON.stringify({ status, code, retryable, detail: "no" }), {
    status,
    headers: { "content-type": "application/problem+json" },
  });
const event = (seq: number) =>
  `id: ${seq}\nevent: turn.started\ndata: {"type":"turn.started","seq":${seq}}\n\n`;

describe("following a run", () => {
  test("comes back with the last id after the stream broke, and ends when there is no more", async () => {
    const broken = () => {
      const pieces = [bytes(event(1)), bytes(event(2)), bytes("id: 3\ndata: {")];
      const body = new ReadableStream<Uint8Array>({
        pull: (out) => {
          const next = pieces.shift();
          if (next === undefined) out.error(new TypeError("terminated"));
          else out.enqueue(next);
        },
      });
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    };
    const { api, asked } = scripted([
      broken,
      stream(`: nothing new\n\n${event(3)}event: server.closing\ndata: {}\n\n`),
      problem(503, "api.shutting_down", true),
      stream(event(4)),
      over,
    ]);
    const states: string[] = [];
    const onState = (state: string): void => void states.push(state);
    const items = await Array.fromAsync(api.followRun({ id: "r", after: 0 }, { onState }));
    expect(items.map((item) => item.ok && item.value.seq)).toEqual([1, 2, 3, 4]);
    expect(asked.map(({ lastId }) => lastId)).toEqual([null, "2", "3", "3", "4"]);
    expect(asked[0]?.url).toBe("http://engine/v1/runs/r/events?after=0");
    expect(states.filter((state) => state === "open")).toHaveLength(3);
  });

  test("ends with the problem that will not pass", async () => {
    const { api, asked } = scripted([problem(404, "store.unknown_run", false)]);
    const items = await Array.fromAsync(api.followRun({ id: "r" }));
    expect(items).toMatchObject([{ ok: false, problem: { code: "store.unknown_run" } }]);
    expect(asked).toHaveLength(1);
  });

  test("gives a connection up that says nothing any more", async () => {
    const silent = (signal: AbortSignal) => {
      const start = (out: ReadableStreamDefaultController): void =>
        signal.addEventListener("abort", () => out.error(signal.reason));
      return new Response(new ReadableStream({ start }));
    };
    const { api, asked } = scripted([silent, stream(event(1)), over]);
    const items = await Array.fromAsync(api.followRun({ id: "r" }, { silenceMs: 20 }));
    expect(items).toHaveLength(1);
    expect(asked).toHaveLength(3);
  });

  test("ends without a word when it is given up", async () => {
    const given = new AbortController();
    const { api } = scripted([stream(event(1)), stream(event(2))]);
    const items = [];
    for await (const item of api.followRun({ id: "r" }, { signal: given.signal })) {
      items.push(item);
      given.abort();
    }
    expect(items).toHaveLength(1);
  });
});

describe("a call", () => {
  test("puts its input where it belongs", async () => {
    const { api, asked } = scripted([() => Response.json({ items: [], nextCursor: null })]);
    const answer = await api.listAudit({ limit: 5, connector: "a b&c", outcome: undefined });
    expect(answer).toMatchObject({ ok: true, status: 200, value: { items: [] } });
    expect(asked[0]?.url).toBe("http://engine/v1/audit?limit=5&connector=a+b%26c");
    await api.showRun({ id: "a/../b" });
    expect(asked[1]?.url).toBe("http://engine/v1/runs/a%2F..%2Fb");
  });

  test("tells what went wrong as a problem, whoever says it", async () => {
    const { api } = scripted([
      problem(403, "api.forbidden", false),
      () => new Response("<h1>Bad gateway</h1>", { status: 502 }),
      () => new Response("<h1>Hello</h1>"),
    ]);
    const codes = [];
    for (let call = 0; call < 4; call += 1) {
      const answer = await api.listRuns();
      codes.push(answer.ok ? "ok" : [answer.problem.code, answer.problem.retryable]);
    }
    expect(codes).toEqual([
      ["api.forbidden", false],
      ["client.not_an_answer", true],
      ["client.not_an_answer", false],
      ["client.unreachable", true],
    ]);
    const given = await api.listRuns({}, { signal: AbortSignal.abort() });
    expect(given).toMatchObject({ problem: { code: "client.aborted" } });
  });
});
