import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestApi, testApi } from "../../../test/support/api.ts";
import { temporaryFolder } from "../../../test/support/temporary.ts";

const folder = temporaryFolder("api-mcp");
let api: TestApi;
beforeAll(async () => {
  api = await testApi(
    { mcpServers: { files: { command: "no-such-program-here" } } },
    { folder, shared: true },
  );
});
afterAll(() => api.close());

test("servers are listed without what they are started with", async () => {
  const { body, text } = await api.ask("GET", "/v1/mcp/servers");
  expect(body).toMatchObject({ items: [{ name: "files" }] });
  expect(text).not.toContain('"command"');
});

test("a server that does not open is told of, with the reason", async () => {
  expect(await api.ask("POST", "/v1/mcp/inspect", { body: {} })).toMatchObject({
    status: 200,
    body: { items: [], failed: [{ name: "files" }] },
  });
  expect(await api.ask("POST", "/v1/tools/search", { body: { query: "read" } })).toMatchObject({
    status: 200,
    body: { items: [], searched: 0, failed: [{ name: "files" }] },
  });
  const body = { names: ["fils"] };
  expect(await api.ask("POST", "/v1/mcp/inspect", { body })).toMatchObject({
    status: 404,
    body: { code: "engine.unknown_server" },
  });
});

test("only the tenant of the installation pins what servers offer", async () => {
  const refused = await api.ask("POST", "/v1/mcp/pin", { body: {}, as: "two/admin" });
  expect(refused).toMatchObject({ status: 403, body: { code: "api.installation_only" } });
  expect((await api.ask("POST", "/v1/mcp/pin", { body: {} })).status).toBe(200);
});
