import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestApi, testApi } from "../../../test/support/api.ts";
import { temporaryFolder } from "../../../test/support/temporary.ts";

const pack = (effect: string, name = "mine") => `pack: ${name}
version: 1
description: about paid models
default: allow
rules:
  - id: paid
    ${effect}: { connector: "model:paid" }
    reason: It costs.
`;

const folder = temporaryFolder("api");
let api: TestApi;
beforeAll(async () => {
  api = await testApi({}, { folder, shared: true });
  for (const tenant of ["one", "two"]) {
    const connector = api.engines.of(tenant).boundary.connector<number, number, never>({
      id: "model:paid",
      facts: () => ({ operation: "chat", effect: "write", repeat: "once" }),
      run: async ({ input }) => input,
    });
    const principal = { tenant, user: "u", agent: "a" } as never;
    for (let call = 0; call < (tenant === "one" ? 3 : 1); call += 1) {
      await connector.call(1, { principal }).catch(() => undefined);
    }
  }
});
afterAll(() => api.close());

const ask = (path: string, body: unknown, as = "one/admin") => api.ask("POST", path, { body, as });
const sent = (effect: string, name?: string) => ({ sent: [{ text: pack(effect, name) }] });

async function ended(path: string, as = "one/admin") {
  await expect
    .poll(async () => (await api.ask("GET", path, { as })).body)
    .not.toMatchObject({ state: "running" });
  return (await api.ask("GET", path, { as })).body;
}

test("two policies are compared rule by rule, by name, as text or as the settings have them", async () => {
  const { body } = await ask("/v1/policy/diff", { before: sent("allow"), after: sent("deny") });
  expect(body).toMatchObject({
    added: [],
    removed: [],
    changed: [{ before: { ruleId: "mine/paid", effect: "allow" }, after: { effect: "deny" } }],
  });
  const named = await ask("/v1/policy/diff", { after: { packs: ["strict-web"] } });
  expect(named.status).toBe(200);
  expect((named.body as { added: unknown[] }).added.length).toBeGreaterThan(0);
});

test("what names no pack, and what leads to files of the server, is refused", async () => {
  const unknown = { before: { packs: ["strict-wep"] } };
  expect(await ask("/v1/policy/diff", unknown)).toMatchObject({
    status: 404,
    body: { code: "policy.unknown_pack" },
  });
  const file = { before: { packs: ["./packs/default.yaml"] } };
  expect((await ask("/v1/policy/diff", file)).status).toBe(404);
  const bad = await ask("/v1/policy/replay", { after: { sent: [{ text: "pack: [" }] } });
  expect(bad).toMatchObject({ status: 422 });
  expect(bad.text).not.toMatch(/agent33-given|tmp\//);
});

test("calls of the audit are decided about again in the background, each tenant's alone", async () => {
  const body = { before: sent("allow"), after: sent("deny") };
  const begun = await ask("/v1/policy/replay", body);
  expect(begun).toMatchObject({ status: 202, body: { kind: "replay", state: "running" } });
  const place = begun.headers.get("location") ?? "";
  expect(await ended(place)).toMatchObject({
    state: "done",
    by: { user: "user-of-one" },
    result: { replay: { changes: [{ before: "allow", after: "deny", calls: 3 }] } },
  });
  expect((await api.ask("GET", place, { as: "two/admin" })).status).toBe(404);
  const other = await ask("/v1/policy/replay", body, "two/admin");
  const found = await ended(other.headers.get("location") ?? "", "two/admin");
  expect(found).toMatchObject({ result: { replay: { changes: [{ calls: 1 }] } } });
  const list = await api.ask("GET", "/v1/policy/operations?limit=1");
  expect(list.body).toMatchObject({ items: [{ kind: "replay" }], nextCursor: null });
  expect((await ask(`${place}/cancel`, undefined)).status).toBe(202);
});

test("policies of other products become packs, or are refused with the place", async () => {
  const text = JSON.stringify({ permissions: { deny: ["WebFetch(domain:x.example)"] } });
  const made = await ask("/v1/policy/import", { source: "claude-code", text, name: "taken" });
  expect(made).toMatchObject({ status: 200, body: { ok: true } });
  expect((made.body as { text: string }).text).toContain("pack: taken");
  const refused = await ask("/v1/policy/import", {
    source: "claude-code",
    text: "{}",
  });
  expect(refused).toMatchObject({
    status: 200,
    body: { ok: false, refused: [{ at: { file: "settings.json" } }] },
  });
  const cedar = 'permit(principal, action == Action::"call", resource);';
  expect((await ask("/v1/policy/import", { source: "cedar", text: cedar })).status).toBe(200);
});
