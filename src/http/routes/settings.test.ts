import { expect, test } from "vitest";
import { testApi } from "../../../test/support/api.ts";

test("settings are shown to the tenant of the installation, without secrets and places", async () => {
  const learning = "postgres://team:canary-password@db.example/team";
  const headers = { "x-team": "canary-in-a-header" };
  const far = { url: "https://far.example/mcp", headers };
  const api = await testApi({ mcpServers: { far }, "learning.store": learning });
  const { status, text, body } = await api.ask("GET", "/v1/settings");
  expect(status).toBe(200);
  expect((body as { items: { name: string }[] }).items.map(({ name }) => name)).toContain("model");
  expect(text).not.toContain("canary");
  expect(text).not.toContain(api.folder);
  for (const path of ["/v1/settings", "/v1/doctor"]) {
    expect(await api.ask("GET", path, { as: "two/admin" })).toMatchObject({
      status: 403,
      body: { code: "api.installation_only" },
    });
  }
});

test("the doctor's findings are data", async () => {
  const api = await testApi();
  const { status, body, text } = await api.ask("GET", "/v1/doctor");
  expect(status).toBe(200);
  expect((body as { findings: { what: string }[] }).findings.map(({ what }) => what)).toEqual(
    expect.arrayContaining(["node", "policy"]),
  );
  expect(text).not.toContain(api.folder);
  // The engine that it looked through goes on.
  expect((await api.ask("GET", "/v1/runs")).status).toBe(200);
});
