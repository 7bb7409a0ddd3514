import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { type TestApi, testApi } from "../../test/support/api.ts";
import { temporaryFolder } from "../../test/support/temporary.ts";
import { Agent33Error } from "../base/errors.ts";
import { problemSchema } from "./problem.ts";
import { defineRoute, defineText, type Route } from "./route.ts";

const echo = defineRoute({
  name: "echoName",
  method: "POST",
  path: "/v1/echo/{name}",
  tag: "test",
  scope: "runs:write",
  effect: "write",
  summary: "Say it again",
  params: z.strictObject({ name: z.string().max(5) }),
  query: z.strictObject({ times: z.coerce.number().int().max(3).default(1) }),
  body: z.strictObject({ text: z.string().optional(), any: z.json().optional() }),
  answer: { status: 201, schema: z.strictObject({ said: z.string(), by: z.string() }) },
  location: ({ said }) => `/v1/echo/${said}`,
  handle: ({ params, query, body, caller }) => ({
    said: `${params.name} ${body.text ?? ""}`.repeat(query.times),
    by: caller.user,
  }),
});

const failing = (path: `/v1/${string}`, error: unknown, seconds?: number): Route =>
  defineRoute({
    name: "failNow",
    method: "GET",
    path,
    tag: "test",
    scope: "runs:read",
    effect: "read",
    summary: "Fail",
    answer: { status: 200, schema: z.strictObject({}) },
    ...(seconds === undefined ? {} : { seconds }),
    handle: async () => {
      if (error !== undefined) throw error;
      return new Promise<never>(() => undefined);
    },
  });

const wrong = defineRoute({
  name: "showWrong",
  method: "GET",
  path: "/v1/wrong",
  tag: "test",
  scope: "runs:read",
  effect: "read",
  summary: "Say more than the reference does",
  answer: { status: 200, schema: z.strictObject({}) },
  handle: () => JSON.parse('{"secret":1}') as Record<string, never>,
});

const poem = (contentType: string, path: `/v1/${string}`): Route =>
  defineText({
    name: "showPoem",
    method: "GET",
    path,
    tag: "test",
    scope: "runs:read",
    effect: "read",
    summary: "Say it in lines",
    answer: { forms: { "text/plain": z.string(), "application/json": z.strictObject({}) } },
    handle: () => ({ contentType, text: '{"a":1}', fileName: "poem.txt" }),
  });

const routes = [
  poem("text/plain; charset=utf-8", "/v1/poem"),
  poem("text/html", "/v1/poem/html"),
  poem("application/json", "/v1/poem/json"),
  echo,
  wrong,
  failing("/v1/inside", new Error("the path /etc/agent33 is odd")),
  failing("/v1/busy", new Agent33Error("store.busy", "Busy.", { hint: "Wait.", retryable: true })),
  failing("/v1/slow", undefined, 0.05),
];

const folder = temporaryFolder("api");
let api: TestApi;
beforeAll(async () => {
  api = await testApi({}, { routes, folder, shared: true });
});
afterAll(() => api.close());

describe("a request", () => {
  test("is checked, handled and answered as the route says", async () => {
    const made = await api.ask("POST", "/v1/echo/hi?times=2", { body: { text: "you" } });
    expect(made).toMatchObject({ status: 201, body: { said: "hi youhi you", by: "user-of-one" } });
    expect(made.headers.get("location")).toBe("/v1/echo/hi youhi you");
  });

  test.each([
    ["a key", { as: "none" }, 401, "api.unauthenticated"],
    ["a key that holds", { as: "nobody" }, 401, "api.unauthenticated"],
    ["the scope", { as: "one/runs.read" }, 403, "api.forbidden"],
    ["JSON", { body: "{" }, 400, "api.not_json"],
    [
      "a JSON type",
      { headers: { "content-type": "text/plain" } },
      415,
      "api.unsupported_media_type",
    ],
    ["flat JSON", { body: `{"any":${"[".repeat(200_000)}` }, 400, "api.too_deep"],
    ["few bytes", { body: { text: "x".repeat(1_100_000) } }, 413, "api.too_large"],
    ["plain names", { body: '{"any":{"__proto__":{"x":1}}}' }, 400, "api.invalid_request"],
    [
      "plain makers",
      { body: '{"any":{"constructor":{"prototype":1}}}' },
      400,
      "api.invalid_request",
    ],
    ["each name once", { body: '{"text":"a","text":"b"}' }, 400, "api.invalid_request"],
    ["known names", { body: { more: 1 } }, 400, "api.invalid_request"],
    ["whole characters", { body: '{"text":"\\ud800"}' }, 400, "api.invalid_request"],
    ["no NUL", { body: '{"text":"\\u0000"}' }, 400, "api.invalid_request"],
  ])("without %s is a problem with its code", async (_, request, status, code) => {
    const answer = await api.ask("POST", "/v1/echo/hi", { body: { text: "x" }, ...request });
    expect(answer).toMatchObject({ status, body: { status, code } });
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(problemSchema.parse(answer.body).instance).toContain(answer.headers.get("x-request-id"));
  });

  test("says where it does not fit", async () => {
    const { body } = await api.ask("POST", "/v1/echo/too-long?times=9&odd=1", { body: {} });
    expect(body).toMatchObject({ code: "api.invalid_request", hint: expect.anything() });
    expect(JSON.stringify(body)).toContain("path.name");
    const { body: query } = await api.ask("POST", "/v1/echo/hi?times=9", { body: {} });
    expect(query).toMatchObject({ details: { problems: [{ where: "query.times" }] } });
  });

  test("for another method or path is told what there is", async () => {
    const other = await api.ask("GET", "/v1/echo/hi");
    expect(other).toMatchObject({ status: 405, body: { code: "api.method_not_allowed" } });
    expect(other.headers.get("allow")).toBe("POST");
    expect(await api.ask("GET", "/v1/nothing")).toMatchObject({
      status: 404,
      body: { code: "api.not_found" },
    });
  });

  test("that takes too long is given up", async () => {
    expect(await api.ask("GET", "/v1/slow")).toMatchObject({
      status: 504,
      body: { code: "api.timeout", retryable: true },
    });
  });

  test("that comes too often has to wait", async () => {
    const own = await testApi({ "serve.requestsPerMinute": 2 }, { routes });
    const statuses = [1, 2, 3].map(async () => (await own.ask("GET", "/v1/busy")).status);
    expect(await Promise.all(statuses)).toEqual([503, 503, 429]);
    const refused = await own.ask("GET", "/v1/busy");
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await own.ask("GET", "/v1/busy", { as: "two/admin" })).status).toBe(503);
  });

  test("with wrong keys again and again is refused before the key is looked at", async () => {
    const own = await testApi({}, { routes });
    for (let time = 0; time < 20; time += 1) await own.ask("GET", "/v1/busy", { as: "guess" });
    expect((await own.ask("GET", "/v1/busy")).status).toBe(429);
  });

  test("while the server closes is told to come again", async () => {
    const own = await testApi({}, { routes });
    own.closing.abort();
    expect(await own.ask("GET", "/v1/busy")).toMatchObject({
      status: 503,
      body: { code: "api.shutting_down" },
    });
    for (const path of ["/health/ready", "/readyz"]) {
      expect((await own.ask("GET", path, { as: "none" })).status).toBe(503);
    }
    for (const path of ["/health/live", "/healthz"]) {
      expect((await own.ask("GET", path, { as: "none" })).status).toBe(200);
    }
  });

  test("for whether it is ready is answered 503 when the store is gone", async () => {
    const own = await testApi({}, { routes });
    expect((await own.ask("GET", "/health/ready", { as: "none" })).status).toBe(200);
    await own.engines.close();
    expect(await own.ask("GET", "/health/ready", { as: "none" })).toMatchObject({
      status: 503,
      body: { status: "store" },
    });
  });
});

describe("an answer", () => {
  test("of what failed inside has its code and nothing of the machine", async () => {
    const { status, text } = await api.ask("GET", "/v1/inside");
    expect(status).toBe(500);
    expect(text).toContain("internal.unexpected");
    expect(text).not.toContain("/etc/agent33");
  });

  test("that is not what the reference says is found in tests", async () => {
    expect(await api.ask("GET", "/v1/wrong")).toMatchObject({
      status: 500,
      body: { code: "api.wrong_answer" },
    });
  });

  test("of several forms is one of them, as a file where it has a name", async () => {
    const { headers, text } = await api.ask("GET", "/v1/poem");
    expect(text).toBe('{"a":1}');
    expect(headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(headers.get("content-disposition")).toBe('attachment; filename="poem.txt"');
    // A form that the reference does not have, and one that has another shape.
    for (const path of ["/v1/poem/html", "/v1/poem/json"]) {
      expect(await api.ask("GET", path)).toMatchObject({
        status: 500,
        body: { code: "api.wrong_answer" },
      });
    }
  });

  test("has headers that keep browsers from doing harm with it, and none for other origins", async () => {
    const { headers } = await api.ask("GET", "/docs", { headers: { origin: "https://x.example" } });
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("access-control-allow-origin")).toBeNull();
  });
});
