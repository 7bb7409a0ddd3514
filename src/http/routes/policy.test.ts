import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestApi, testApi } from "../../../test/support/api.ts";
import { temporaryFolder } from "../../../test/support/temporary.ts";

const own = (effect: string, name = "own") => `
pack: ${name}
version: 1
description: what this house wants
default: allow
rules:
  - id: shells
    ${effect}: { connector: "shell:*" }
    reason: shells are dangerous here
`;

const folder = temporaryFolder("api-policy");
let api: TestApi;
beforeAll(async () => {
  mkdirSync(join(folder, "policy"));
  writeFileSync(join(folder, "turns.yaml"), "name: test\nturns: [{ text: Done. }]\n");
  writeFileSync(join(folder, "policy", "own.yaml"), own("deny"));
  api = await testApi(
    {
      model: `scripted:${join(folder, "turns.yaml")}`,
      "policy.files": ["policy"],
      "policy.packs": ["own"],
      "policy.tenants": { two: { packs: [], blockConnectors: ["model:*"], blockOperations: [] } },
    },
    { folder, shared: true },
  );
});
afterAll(() => api.close());

test("a call is explained rule by rule, for the tenant that asks, and nothing of it is kept", async () => {
  const body = { connector: "shell:sandbox", effect: "write" };
  const said = await api.ask("POST", "/v1/policy/explain", { body });
  expect(said).toMatchObject({
    status: 200,
    body: {
      decision: { effect: "deny", ruleId: "own/shells" },
      call: { stoppedBy: "policy_denied" },
    },
  });
  expect(said.text).not.toContain(folder);
  const model = { body: { connector: "model:openai", operation: "chat", effect: "read" } };
  expect((await api.ask("POST", "/v1/policy/explain", model)).body).toMatchObject({
    decision: { effect: "allow" },
  });
  const other = { ...model, as: "two/admin" };
  expect((await api.ask("POST", "/v1/policy/explain", other)).body).toMatchObject({
    decision: { effect: "deny" },
  });
  expect((await api.ask("GET", "/v1/audit")).body).toMatchObject({ items: [] });
});

test("a call of another tenant's run is not explained", async () => {
  const started = await api.ask("POST", "/v1/runs", { body: { task: "x" } });
  const { id } = started.body as { id: string };
  const body = { connector: "shell:sandbox", run: id };
  expect((await api.ask("POST", "/v1/policy/explain", { body })).status).toBe(200);
  expect(await api.ask("POST", "/v1/policy/explain", { body, as: "two/admin" })).toMatchObject({
    status: 404,
    body: { code: "store.unknown_run" },
  });
});

test("packs are listed with those in force, and shown with their rules", async () => {
  const { body, text } = await api.ask("GET", "/v1/policy/packs");
  const { items } = body as { items: { name: string; selected: boolean }[] };
  expect(items.filter(({ selected }) => selected).map(({ name }) => name)).toEqual(["own"]);
  expect(items.map(({ name }) => name)).toContain("strict-web");
  expect(text).not.toContain(folder);
  expect((await api.ask("GET", "/v1/policy/packs/own")).body).toMatchObject({
    name: "own",
    rules: [{ id: "shells", effect: "deny", match: { connector: ["shell:*"] }, line: 7 }],
  });
  for (const { name } of items) {
    expect((await api.ask("GET", `/v1/policy/packs/${name}`)).status).toBe(200);
  }
  expect(await api.ask("GET", "/v1/policy/packs/owm")).toMatchObject({
    status: 404,
    body: { code: "policy.unknown_pack" },
  });
});

test("packs that are sent are linted with the place of each problem, and stand nowhere", async () => {
  const packs = [{ text: own("denie") }, { text: "pack: [" }];
  const { status, body, text } = await api.ask("POST", "/v1/policy/lint", { body: { packs } });
  expect({ status, body }).toMatchObject({
    status: 200,
    body: {
      ok: false,
      problems: [{ at: { file: "pack-1.yaml" } }, { at: { file: "pack-2.yaml" } }],
    },
  });
  expect(text).not.toMatch(/agent33-given|tmp\//);
  expect((await api.ask("POST", "/v1/policy/lint", { body: {} })).body).toMatchObject({ ok: true });
});

test("cases are tried under the policy in force, or under packs that are sent", async () => {
  const cases = [
    {
      name: "shell",
      call: { connector: "shell:x" },
      expect: { effect: "deny", rule: "own/shells" },
    },
  ];
  const inForce = await api.ask("POST", "/v1/policy/test", { body: { cases } });
  expect(inForce).toMatchObject({ status: 200, body: { ok: true, cases: [{ passed: true }] } });
  const packs = [{ text: own("ask", "other") }];
  const body = { cases, packs, policy: ["other"] };
  expect(await api.ask("POST", "/v1/policy/test", { body })).toMatchObject({
    status: 200,
    body: {
      ok: false,
      cases: [{ passed: false, decided: { effect: "ask", ruleId: "other/shells" } }],
    },
  });
});

test("cases name no files of the server", async () => {
  const cases = [{ call: { connector: "x", file: "/etc/passwd" }, expect: { effect: "deny" } }];
  const body = { cases, files: ["/etc/passwd"] };
  expect(await api.ask("POST", "/v1/policy/test", { body })).toMatchObject({
    status: 400,
    body: { code: "api.invalid_request" },
  });
});

test("a changed file is in force at once when it is read again, which the audit tells of", async () => {
  writeFileSync(join(folder, "policy", "own.yaml"), own("ask"));
  expect(await api.ask("POST", "/v1/policy/reload", { as: "two/admin" })).toMatchObject({
    status: 403,
    body: { code: "api.installation_only" },
  });
  expect(await api.ask("POST", "/v1/policy/reload")).toMatchObject({
    status: 200,
    body: { changed: true },
  });
  const body = { connector: "shell:sandbox" };
  expect((await api.ask("POST", "/v1/policy/explain", { body })).body).toMatchObject({
    call: { stoppedBy: "approval_required" },
  });
  writeFileSync(join(folder, "policy", "own.yaml"), own("denie"));
  const bad = await api.ask("POST", "/v1/policy/reload");
  expect(bad).toMatchObject({ status: 422, body: { code: "policy.malformed_pack" } });
  expect(bad.text).not.toContain(folder);
  writeFileSync(join(folder, "policy", "own.yaml"), own("deny"));
  await api.ask("POST", "/v1/policy/reload");
  const { items } = (await api.ask("GET", "/v1/audit?connector=api")).body as {
    items: { operation: string; outcome: string; record: object }[];
  };
  const reloads = items.filter(({ operation }) => operation === "POST /v1/policy/reload");
  expect(reloads.map(({ outcome }) => outcome)).toEqual(["ok", "policy.malformed_pack", "ok"]);
  expect(reloads[0]?.record).toMatchObject({
    principal: { tenant: "one", user: "user-of-one", key: "key-of-one" },
    decision: { effect: "allow", ruleId: "scope/policy:write" },
  });
});
