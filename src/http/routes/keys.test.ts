import { expect, test } from "vitest";
import { testApi, type TestApi } from "../../../test/support/api.ts";

const wish = { name: "ci", scopes: ["runs:read"] };

async function made(
  api: TestApi,
  as: string,
  body: object,
): Promise<{ readonly id: string; readonly secret: string }> {
  const answer = await api.ask("POST", "/v1/keys", { as, body });
  expect(answer.status).toBe(201);
  const { key, secret } = answer.body as { key: { id: string }; secret: string };
  return { id: key.id, secret };
}

test("keys are made, shown without their secret, rotated and revoked", async () => {
  const api = await testApi();
  const { id, secret } = await made(api, "one/admin", { ...wish, seconds: 60 });
  const listed = await api.ask("GET", "/v1/keys");
  expect(listed.body).toMatchObject({ items: [{ id, tenant: "one", user: "user-of-one" }] });
  expect(listed.text).not.toContain(secret.slice(-43));
  const rotated = await api.ask("POST", `/v1/keys/${id}/rotate`, { body: { graceSeconds: 9 } });
  expect(rotated).toMatchObject({
    status: 200,
    body: { key: { formerUntil: expect.any(Number) } },
  });
  expect((rotated.body as { secret: string }).secret).not.toBe(secret);
  expect(await api.ask("DELETE", `/v1/keys/${id}`)).toMatchObject({ body: { state: "revoked" } });
  expect(await api.ask("POST", `/v1/keys/${id}/rotate`)).toMatchObject({
    status: 409,
    body: { code: "engine.key_over" },
  });
});

test("nobody gives or takes rights that they have not", async () => {
  const api = await testApi();
  const as = api.key("one", ["keys:write", "runs:read"]);
  const forbidden = { status: 403, body: { code: "api.forbidden" } };
  for (const scopes of [["admin"], ["runs:read", "runs:write"]]) {
    const body = { ...wish, scopes };
    expect(await api.ask("POST", "/v1/keys", { as, body })).toMatchObject(forbidden);
  }
  await made(api, as, wish);
  const strong = await made(api, "one/admin", { ...wish, scopes: ["admin"] });
  expect(await api.ask("POST", `/v1/keys/${strong.id}/rotate`, { as })).toMatchObject(forbidden);
});

test("another tenant's keys are not there, but for admins of the installation", async () => {
  const api = await testApi();
  const theirs = await made(api, "one/admin", { ...wish, tenant: "two" });
  const own = await made(api, "one/admin", wish);
  const as = api.key("two", ["admin"]);
  const idsOf = ({ body }: { body: unknown }) =>
    (body as { items: { id: string }[] }).items.map(({ id }) => id);
  expect(idsOf(await api.ask("GET", "/v1/keys", { as }))).toEqual([theirs.id]);
  expect(idsOf(await api.ask("GET", "/v1/keys"))).toEqual([own.id, theirs.id]);
  const unknown = { status: 404, body: { code: "engine.unknown_key" } };
  expect(await api.ask("GET", `/v1/keys/${own.id}`, { as })).toMatchObject(unknown);
  expect(await api.ask("DELETE", `/v1/keys/${own.id}`, { as })).toMatchObject(unknown);
  expect(await api.ask("POST", `/v1/keys/${own.id}/rotate`, { as })).toMatchObject(unknown);
  expect(await api.ask("POST", "/v1/keys", { as, body: { ...wish, tenant: "one" } })).toMatchObject(
    { status: 403 },
  );
});
