import { expect, test } from "vitest";
import { testApi } from "../../../test/support/api.ts";
import { temporaryFolder } from "../../../test/support/temporary.ts";
import { settingsSchema } from "../../config/schema.ts";
import { checkSafety } from "../listen.ts";

const sums = (text: string): readonly string[] =>
  text.split("\n").filter((line) => /^agent33_\w+_total/.test(line));

test("figures are read with a key for them, as Prometheus sends it, by who runs the installation", async () => {
  const api = await testApi();
  const as = api.key("one", ["metrics:read"]);
  const headers = { accept: "text/plain;version=0.0.4;q=0.5,*/*;q=0.1" };
  const { status, headers: given, text } = await api.ask("GET", "/metrics", { as, headers });
  expect(status).toBe(200);
  expect(given.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(text).toContain("# TYPE agent33_calls_total counter");
  expect(text).toContain("agent33_info{");
  expect((await api.ask("GET", "/metrics", { as: "none" })).status).toBe(401);
  const other = api.key("one", ["runs:read"]);
  expect((await api.ask("GET", "/metrics", { as: other })).status).toBe(403);
  expect(await api.ask("GET", "/metrics", { as: api.key("two", ["metrics:read"]) })).toMatchObject({
    status: 403,
    body: { code: "api.installation_only" },
  });
});

test("figures are OpenMetrics for who asks for it, with the newest call as an exemplar", async () => {
  const api = await testApi();
  const principal = { tenant: "one", user: "u", agent: "a" };
  const connector = api.engines.own.boundary.connector<number, number, never>({
    id: "model:free",
    facts: () => ({ operation: "chat", effect: "read", repeat: "safe" }),
    run: async ({ input }) => input,
  });
  await connector.call(1, { principal });
  // What Prometheus 2.5 and later send.
  const accept =
    "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
  const { status, headers, text } = await api.ask("GET", "/metrics", { headers: { accept } });
  expect(status).toBe(200);
  expect(headers.get("content-type")).toBe(
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
  );
  expect(text.endsWith("# EOF\n")).toBe(true);
  const { items } = api.engines.of("one").store.audit.list({});
  const line = text.split("\n").find((one) => one.includes('connector="model:free"'));
  expect(line).toContain(`call_id="${items[0]?.callId ?? "none"}"`);
  const none = { accept: "application/openmetrics-text;q=0" };
  const plain = await api.ask("GET", "/metrics", { headers: none });
  expect(plain.headers.get("content-type")).toContain("text/plain");
  expect(plain.text).not.toContain("call_id");
});

test("two servers of one store that are asked at once say the same sums", async () => {
  const folder = temporaryFolder("api");
  const first = await testApi({}, { folder });
  const second = await testApi({}, { folder });
  const connector = (api: typeof first) =>
    api.engines.own.boundary.connector<number, number, never>({
      id: "model:paid",
      facts: () => ({ operation: "chat", effect: "read", repeat: "safe" }),
      run: async ({ input }) => input,
      measure: (costMicroUsd) => ({ costMicroUsd, tokens: 10 }),
    });
  const principal = { tenant: "one", user: "u", agent: "a" } as never;
  for (const api of [first, second]) await connector(api).call(40, { principal });
  // Batched reads are on record once the server that made them was asked.
  await first.ask("GET", "/metrics");
  await second.ask("GET", "/metrics");
  const [one, other] = await Promise.all([first, second].map((api) => api.ask("GET", "/metrics")));
  expect(sums(one?.text ?? "")).toEqual(sums(other?.text ?? ""));
  const calls = sums(one?.text ?? "").filter((line) => line.startsWith("agent33_calls_total"));
  expect(calls.join("\n")).toMatch(/ 2$/m);
});

test("open figures are for whoever asks this machine by its own name, and nothing else is", async () => {
  const api = await testApi({ "serve.metrics": "open" });
  expect((await api.ask("GET", "/metrics", { as: "none" })).status).toBe(200);
  expect((await api.ask("GET", "http://127.0.0.1:3333/metrics", { as: "none" })).status).toBe(200);
  expect((await api.ask("GET", "http://[::1]:3333/metrics", { as: "none" })).status).toBe(200);
  const elsewhere = "http://rebound.example/metrics";
  expect((await api.ask("GET", elsewhere, { as: "none" })).status).toBe(403);
  expect((await api.ask("GET", "/v1/runs", { as: "none" })).status).toBe(401);
});

test("open figures are refused where other machines could read them", () => {
  const { serve } = settingsSchema.parse({ serve: { metrics: "open", host: "0.0.0.0" } });
  const tls = { ...serve, tlsCert: "cert.pem", tlsKey: "key.pem" };
  expect(() => checkSafety(tls)).toThrow(expect.objectContaining({ code: "serve.unsafe" }));
  expect(() => checkSafety({ ...tls, metrics: "key" })).not.toThrow();
  expect(() => checkSafety({ ...serve, host: "127.0.0.1" })).not.toThrow();
});
