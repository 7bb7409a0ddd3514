import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testApi } from "../../../test/support/api.ts";

const env = { AGENT33_MASTER_KEY: Buffer.alloc(32, 1).toString("base64") };
const value = "not-for-anybody-1";

test("secrets are kept, rotated and removed, and no answer or record has their values", async () => {
  const { ask, engines, folder } = await testApi({}, { env });
  const made = await ask("POST", "/v1/secrets", { body: { name: "BANK", value } });
  expect(made).toMatchObject({ status: 201, body: { name: "BANK", version: 1 } });
  const again = await ask("POST", "/v1/secrets", { body: { name: "BANK", value } });
  expect(again).toMatchObject({ status: 409, body: { code: "secrets.exists" } });
  const rotated = await ask("POST", "/v1/secrets/BANK/rotate", { body: { value: `${value}2` } });
  expect(rotated).toMatchObject({ status: 200, body: { version: 2 } });
  const said = await ask("GET", `/v1/runs/${value}2`);
  expect(said).toMatchObject({ status: 404 });
  const listed = await ask("GET", "/v1/secrets");
  expect(listed.body).toMatchObject({ items: [{ name: "BANK", version: 2 }] });
  const records = engines.own.store.audit.list({ connector: "api" }).items;
  const told = [made, again, rotated, said, listed].map(({ text }) => text).join("\n");
  expect(`${told}${JSON.stringify(records)}`).not.toContain(value);
  expect(readFileSync(join(folder, ".agent33", "secrets.json"), "utf8")).not.toContain(value);
  expect(await ask("DELETE", "/v1/secrets/BANK")).toMatchObject({ status: 200 });
  expect(await ask("DELETE", "/v1/secrets/BANK")).toMatchObject({ status: 404 });
});

test("secrets belong to the installation, need their scopes and a master key", async () => {
  const { ask, key } = await testApi({}, { env });
  const body = { name: "BANK", value };
  expect(await ask("POST", "/v1/secrets", { as: "two/admin", body })).toMatchObject({
    status: 403,
  });
  expect(await ask("GET", "/v1/secrets", { as: "two/admin" })).toMatchObject({ status: 403 });
  const reads = key("one", ["secrets:read"]);
  expect(await ask("POST", "/v1/secrets", { as: reads, body })).toMatchObject({ status: 403 });
  const without = await testApi();
  expect(await without.ask("POST", "/v1/secrets", { body })).toMatchObject({
    status: 422,
    body: { code: "secrets.no_key" },
  });
  expect(await ask("POST", "/v1/secrets", { body: { name: "PATH", value } })).toMatchObject({
    status: 422,
    body: { code: "secrets.bad_name" },
  });
});
