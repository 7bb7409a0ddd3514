import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testApi } from "../../../test/support/api.ts";
import { temporaryFolder } from "../../../test/support/temporary.ts";

const definition = (version: string) => ({
  name: "clerk",
  version,
  role: "You are a clerk.",
  instructions: "Work carefully.",
});

test("versions are listed without their files, the newest marked", async () => {
  const folder = temporaryFolder("api-agents");
  mkdirSync(join(folder, "agents"));
  for (const version of ["1.0.0", "1.1.0"]) {
    writeFileSync(
      join(folder, "agents", `clerk-${version}.yaml`),
      JSON.stringify(definition(version)),
    );
  }
  const api = await testApi({}, { folder });
  const { body, text } = await api.ask("GET", "/v1/agents/clerk/versions");
  expect(body).toMatchObject({
    items: [
      { version: "1.0.0", isNewest: false },
      { version: "1.1.0", isNewest: true, definition: { role: "You are a clerk." } },
    ],
  });
  expect(text).not.toContain(folder);
  expect(await api.ask("GET", "/v1/agents/clark/versions")).toMatchObject({
    status: 404,
    body: { code: "agents.unknown" },
  });
});

test("a definition is checked as data or as text, and names no files of the server", async () => {
  const api = await testApi();
  const check = async (given: unknown) =>
    (await api.ask("POST", "/v1/agents/validate", { body: { definition: given } })).body;
  expect(await check(definition("1.0.0"))).toMatchObject({ ok: true, problems: [] });
  expect(await check("name: clerk\nversion: 1\nrolle: x\n")).toMatchObject({
    ok: false,
    definition: null,
    problems: [{ code: "agents.malformed", message: expect.stringContaining("definition:") }],
  });
  const probing = { ...definition("1.0.0"), agents: ["/etc/passwd.yaml"] };
  expect(await check(probing)).toMatchObject({ ok: false, problems: [{ code: "agents.unknown" }] });
  const missing = { ...definition("1.0.0"), agents: ["nobody"] };
  expect(await check(missing)).toMatchObject({ ok: false, problems: [{ code: "agents.unknown" }] });
  expect((await api.ask("POST", "/v1/agents/validate", { body: {} })).status).toBe(400);
});
