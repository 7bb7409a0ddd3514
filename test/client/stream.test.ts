import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ClientSettings, createClient } from "../../client/index.ts";
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
function scripted(
  answers: readonly ((signal: AbortSignal) => Response | Promise<Response>)[],
  settings: ClientSettings = {},
) {
  const asked: { readonly url: string; readonly lastId: string | null }[] = [];
  const fetch = (async (url: string, init: RequestInit) => {
    const answer = answers[asked.length];
    asked.push({ url, lastId: new Headers(init.headers).get("last-event-id") });
    if (answer === undefined) throw new TypeError("fetch failed");
    return answer(init.signal ?? new AbortController().signal);
  }) as typeof globalThis.fetch;
  return { asked, api: createClient({ baseUrl: "http://engine", fetch, ...settings }) };
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

/** Never answers. */
const hangs = (signal: AbortSignal) =>
  new Promise<Response>((_, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason as Error)),
  );
/** Answers with these pieces, and then says nothing more. */
const hangsAfter =
  (...pieces: readonly string[]) =>
  (signal: AbortSignal) => {
    const start = (out: ReadableStreamDefaultController): void => {
      for (const piece of pieces) out.enqueue(bytes(piece));
      signal.addEventListener("abort", () => out.error(signal.reason));
    };
    return new Response(new ReadableStream({ start }));
  };

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
    const { api, asked } = scripted([hangsAfter(), hangs, stream(event(1)), over]);
    const items = await Array.fromAsync(api.followRun({ id: "r" }, { silenceMs: 20 }));
    expect(items).toHaveLength(1);
    expect(asked).toHaveLength(4);
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

describe("a time limit", () => {
  test("ends a call that is not answered, or only in part, with what to do", async () => {
    const { api } = scripted([hangs, hangsAfter('{"items":['), hangsAfter("# TY")], {
      timeoutMs: 20,
    });
    for (const call of [() => api.listRuns(), () => api.listRuns(), () => api.readMetrics()]) {
      expect(await call()).toMatchObject({
        ok: false,
        problem: {
          code: "client.timeout",
          detail: "The server did not answer within 0.02 seconds.",
          hint: expect.stringContaining("Check the network"),
          retryable: true,
        },
      });
    }
  });

  test("is the caller's where one is given, and the caller may still give up", async () => {
    const { api } = scripted([hangs, hangs, () => Response.json({ items: [] })]);
    const limited = await api.listRuns({}, { timeoutMs: 20 });
    expect(limited).toMatchObject({ problem: { code: "client.timeout" } });
    const signal = AbortSignal.timeout(20);
    const given = new AbortController();
    signal.addEventListener("abort", () => given.abort());
    const aborted = await api.listRuns({}, { signal: given.signal });
    expect(aborted).toMatchObject({ problem: { code: "client.aborted" } });
    expect(await api.listRuns({}, { timeoutMs: Infinity })).toMatchObject({ ok: true });
  });

  test("is longer where the server says that it takes longer", async () => {
    const { api } = scripted(
      [
        hangs,
        async () => {
          await new Promise((done) => setTimeout(done, 60));
          return Response.json({ ok: true });
        },
      ],
      { timeoutMs: 20 },
    );
    expect(await api.listRuns()).toMatchObject({ problem: { code: "client.timeout" } });
    expect(await api.checkAudit()).toMatchObject({ ok: true });
  });

  test("of an answer in lines holds from piece to piece, and not while the reader is at work", async () => {
    const { api } = scripted([hangsAfter('{"a":1}\n', '{"a":2}\n')]);
    const answer = await api.exportAudit({}, { timeoutMs: 30 });
    if (!answer.ok) throw new Error(answer.problem.detail);
    const read: unknown[] = [];
    const reading = (async () => {
      for await (const line of answer.value) {
        read.push(line);
        await new Promise((done) => setTimeout(done, 60));
      }
    })();
    await expect(reading).rejects.toMatchObject({ name: "TimeoutError" });
    expect(read).toEqual([{ a: 1 }, { a: 2 }]);
  });

  test.each([0, -1, Number.NaN])("of %d is refused", (timeoutMs) => {
    expect(() => createClient({ timeoutMs })).toThrow(/^timeoutMs is /);
  });
});
