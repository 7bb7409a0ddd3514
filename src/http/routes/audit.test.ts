import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testApi } from "../../../test/support/api.ts";
import { checkAuditFile } from "../../engine.ts";

interface Page {
  readonly items: readonly { callId: string; operation: string }[];
  readonly nextCursor: string | null;
}

test("acts are listed with filters and cursors, checked and exported, each tenant's alone", async () => {
  const api = await testApi();
  const force = (key: string, as = "one/admin") =>
    api.ask("POST", "/v1/breakers/force", {
      as,
      body: { key, state: "open", reason: "marker-two" },
    });
  for (const key of ["a|x", "b|x", "c|x"]) expect((await force(key)).status).toBe(200);
  await api.ask("POST", "/v1/breakers/reset", { body: { key: "a|x" } });
  await force("d|x", "two/admin");

  const first = await api.ask("GET", "/v1/audit?limit=3");
  const page = first.body as Page;
  expect(page.items).toHaveLength(3);
  const rest = await api.ask("GET", `/v1/audit?limit=3&cursor=${page.nextCursor}`);
  expect(rest.body).toMatchObject({ items: [{ outcome: "ok" }], nextCursor: null });
  const resets = await api.ask("GET", "/v1/audit?connector=api&outcome=ok&decision=allow&since=1");
  expect((resets.body as Page).items).toHaveLength(4);
  expect((await api.ask("GET", "/v1/audit?until=1")).body).toMatchObject({ items: [] });
  for (const query of ["limit=0", "cursor=x", "decision=maybe", "since=-1", "other=1"]) {
    expect((await api.ask("GET", `/v1/audit?${query}`)).status).toBe(400);
  }

  const id = page.items[0]?.callId ?? "";
  expect((await api.ask("GET", `/v1/audit/calls/${id}`)).body).toMatchObject({ callId: id });
  expect(await api.ask("GET", `/v1/audit/calls/${id}`, { as: "two/admin" })).toMatchObject({
    status: 404,
  });

  const exported = await api.ask("POST", "/v1/audit/export");
  expect(exported.status).toBe(200);
  expect(exported.headers.get("content-type")).toBe("application/x-ndjson");
  expect(exported.text).not.toContain("d|x");
  const file = join(api.folder, "audit.jsonl");
  writeFileSync(file, exported.text);
  expect(await checkAuditFile(file, {}, api.host)).toMatchObject({ ok: true, tenant: "one" });

  const checked = await api.ask("GET", "/v1/audit/check");
  expect(checked.body).toMatchObject({ tenant: "one", ok: true, findings: [] });
  const { end } = checked.body as { end: { position: number; hash: string } };
  const noted = `${end.position}:${end.hash}`;
  expect((await api.ask("GET", `/v1/audit/check?head=${noted}&head=${noted}`)).body).toMatchObject({
    ok: true,
  });
  const other = `${end.position}:${"0".repeat(64)}`;
  expect((await api.ask("GET", `/v1/audit/check?head=${other}`)).body).toMatchObject({ ok: false });
  expect((await api.ask("GET", "/v1/audit/check?head=/etc/passwd")).status).toBe(400);
});

test("to look at the audit is one right, to take it away another", async () => {
  const api = await testApi();
  const as = api.key("one", ["audit:read"]);
  expect((await api.ask("GET", "/v1/audit", { as })).status).toBe(200);
  expect((await api.ask("POST", "/v1/audit/export", { as })).status).toBe(403);
});
