import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestApi, testApi } from "../../../test/support/api.ts";
import { temporaryFolder } from "../../../test/support/temporary.ts";

const folder = temporaryFolder("api-connectors");
let api: TestApi;
beforeAll(async () => {
  api = await testApi({ model: "scripted:turns.yaml" }, { folder, shared: true });
});
afterAll(() => api.close());

test("everything that a run could go out through is listed, shown and checked", async () => {
  const { items } = (await api.ask("GET", "/v1/connectors")).body as { items: { id: string }[] };
  expect(items.map(({ id }) => id)).toEqual(
    expect.arrayContaining(["tool:workspace", "shell:sandbox"]),
  );
  expect((await api.ask("GET", "/v1/connectors/workspace")).body).toMatchObject({
    items: [{ id: "tool:workspace", breaker: "closed" }],
  });
  expect(await api.ask("GET", "/v1/connectors/nothing")).toMatchObject({
    status: 404,
    body: { code: "engine.unknown_connector" },
  });
  const body = { names: ["workspace"] };
  expect((await api.ask("POST", "/v1/connectors/check", { body })).body).toMatchObject({
    ok: true,
    items: [{ state: "not checked" }],
  });
});

test("a breaker is forced by whoever asks, for their tenant alone, and reset", async () => {
  const body = { key: "mcp:files|read", state: "open", reason: "it is down", seconds: 60 };
  expect(await api.ask("POST", "/v1/breakers/force", { body })).toMatchObject({
    status: 200,
    body: { key: body.key, state: "open", known: false },
  });
  expect((await api.ask("GET", "/v1/breakers")).body).toMatchObject({
    items: [{ key: body.key, forced: { by: "user-of-one", reason: "it is down" } }],
  });
  const theirs = await api.ask("GET", "/v1/breakers", { as: "two/admin" });
  expect(theirs.body).toEqual({ items: [] });
  const reset = { body: { key: body.key } };
  expect(await api.ask("POST", "/v1/breakers/reset", { ...reset, as: "two/admin" })).toMatchObject({
    status: 404,
    body: { code: "api.unknown_breaker" },
  });
  expect((await api.ask("POST", "/v1/breakers/reset", reset)).status).toBe(200);
  expect((await api.ask("GET", "/v1/breakers")).body).toMatchObject({ items: [{ forced: null }] });
});

test.each([
  { state: "open", reason: "x" },
  { key: "", state: "open", reason: "x" },
  { key: "a", state: "half_open", reason: "x" },
  { key: "a", state: "open", reason: "  " },
  { key: "a", state: "open", reason: "x", seconds: -1 },
  { key: "a".repeat(1_001), state: "open", reason: "x" },
])("a breaker is not forced with %o", async (body) => {
  expect((await api.ask("POST", "/v1/breakers/force", { body })).status).toBe(400);
});

test("models are listed with the name of their key's variable, and checked", async () => {
  const name = encodeURIComponent("openai:gpt-5");
  expect((await api.ask("GET", `/v1/models?name=${name}`)).body).toMatchObject({
    items: [{ name: "openai:gpt-5", key: { variable: "OPENAI_API_KEY", isSet: false } }],
  });
  expect((await api.ask("GET", "/v1/models")).status).toBe(200);
  expect((await api.ask("GET", "/v1/models?name=scripted:/etc/passwd")).status).toBe(400);
  const body = { names: ["openai:gpt-5"] };
  expect((await api.ask("POST", "/v1/models/check", { body })).body).toMatchObject({
    ok: false,
    items: [{ state: "failed" }],
  });
});

test("what changes something wants another right than what shows it", async () => {
  const as = api.key("one", ["connectors:read"]);
  expect((await api.ask("GET", "/v1/breakers", { as })).status).toBe(200);
  for (const path of ["breakers/force", "breakers/reset", "connectors/check", "mcp/pin"]) {
    expect((await api.ask("POST", `/v1/${path}`, { as, body: {} })).status).toBe(403);
  }
});
