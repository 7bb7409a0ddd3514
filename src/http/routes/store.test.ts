import { expect, test } from "vitest";
import { testApi } from "../../../test/support/api.ts";
import { timePage } from "../input.ts";
import { storeRoutes } from "./store.ts";
import { setAside } from "../../store/transfer/quarantine.ts";

test("the store belongs to the installation: other tenants are refused, whatever they ask", async () => {
  const api = await testApi();
  for (const { method, path, body, name } of storeRoutes) {
    const answer = await api.ask(method, path.replace("{id}", "1"), {
      as: "two/admin",
      ...(body === undefined ? {} : { body: {} }),
    });
    expect(answer, name).toMatchObject({
      status: 403,
      body: { code: "api.installation_only" },
    });
  }
  const as = api.key("one", ["store:read"]);
  expect((await api.ask("GET", "/v1/store", { as })).status).toBe(200);
  expect((await api.ask("POST", "/v1/store/backups", { as })).status).toBe(403);
  const writes = api.key("one", ["store:write"]);
  expect((await api.ask("POST", "/v1/store/export", { as: writes })).status).toBe(403);
});

test("a server is not to replace the store that it works on, and says by what it is done", async () => {
  const api = await testApi();
  for (const word of ["restore", "recover"]) {
    expect(await api.ask("POST", `/v1/store/${word}`)).toMatchObject({
      status: 409,
      body: { code: "store.in_use", hint: expect.stringContaining(`agent33 store ${word}`) },
    });
  }
});

test("records that were set aside are listed by pages, and shown with all that they say", async () => {
  const api = await testApi();
  const records = [1, 2, 3].map((number) => ({
    place: `byte ${number}`,
    reason: "no form",
    tenant: "two",
    content: Buffer.from(`${"x".repeat(300)}${number}`),
  }));
  await api.engines.own.store.backend.tables.write(() => setAside("file-1", records, 5));
  const page = await api.ask("GET", "/v1/store/quarantine?limit=2");
  const { items, nextCursor } = page.body as {
    items: { id: number; place: string; begins: string }[];
    nextCursor: string;
  };
  expect(items.map(({ place }) => place)).toEqual(["byte 3", "byte 2"]);
  expect(items[0]?.begins).toHaveLength(200);
  const rest = await api.ask("GET", `/v1/store/quarantine?limit=2&cursor=${nextCursor}`);
  expect(rest.body).toMatchObject({ items: [{ place: "byte 1" }], nextCursor: null });
  expect(await api.ask("GET", `/v1/store/quarantine/${items[0]?.id}`)).toMatchObject({
    status: 200,
    body: { tenant: "two", content: `${"x".repeat(300)}3` },
  });
  expect(await api.ask("GET", "/v1/store/quarantine/77")).toMatchObject({
    status: 404,
    body: { code: "store.unknown_quarantined" },
  });
  expect((await api.ask("GET", "/v1/store/recoveries")).body).toMatchObject({ items: [] });
  const none = await api.ask("GET", "/v1/store/operations/nothing");
  expect(none).toMatchObject({ status: 404, body: { code: "engine.unknown_operation" } });
});

test("a page by time never parts what came at one moment", () => {
  const times = [9, 7, 7, 7, 3];
  const page = (limit: number, cursor?: string) =>
    timePage(times, (at) => at, { limit, ...(cursor === undefined ? {} : { cursor }) });
  expect(page(2)).toEqual({ items: [9, 7, 7, 7], nextCursor: "7" });
  expect(page(2, "7")).toEqual({ items: [3], nextCursor: null });
  expect(page(5)).toEqual({ items: times, nextCursor: null });
  expect(page(50)).toEqual({ items: times, nextCursor: null });
});
