import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { manualClock } from "../base/clock.ts";
import { systemRandom } from "../base/random.ts";
import { temporaryFolder } from "../../test/support/temporary.ts";
import { databaseFile, openStore } from "../store/store.ts";
import { createApiKeys } from "./api-keys.ts";
import { storeOf } from "./tenant-store.ts";

const wish = {
  name: "ci",
  tenant: "acme",
  user: "mara",
  scopes: ["runs:read"],
  ttlMs: null,
} as const;

function keysIn(folder = temporaryFolder("keys")) {
  const clock = manualClock();
  const store = openStore({ dataDir: folder, clock, ids: () => "id" });
  onTestFinished(() => store.close());
  const host = { clock, random: systemRandom };
  return { folder, clock, store, keys: createApiKeys({ store: storeOf(store, "home"), host }) };
}

describe("an API key", () => {
  test("proves whom it was made for, and no other text does", async () => {
    const { keys } = keysIn();
    expect(await keys.any()).toBe(false);
    const { key, secret } = await keys.create(wish);
    expect(await keys.any()).toBe(true);
    expect(await keys.check(secret)).toMatchObject({ id: key.id, forTenant: "acme" });
    const wrong = [`${secret.slice(0, -1)}_`, secret.slice(0, -1), `${secret}x`, key.id, ""];
    const other = await keys.create(wish);
    wrong.push(`a33_${key.id}_${other.secret.slice(-43)}`);
    for (const text of wrong) expect(await keys.check(text), text).toBeUndefined();
  });

  test("is kept so that nobody who reads the store can use it", async () => {
    const { keys, folder, store } = keysIn();
    const { secret } = await keys.create(wish);
    const listed = await keys.list({});
    store.close();
    const bytes = ["", "-wal"].flatMap((end) => {
      try {
        return [readFileSync(join(folder, databaseFile + end)).toString("latin1")];
      } catch {
        return [];
      }
    });
    expect(bytes.join("")).toContain("mara");
    for (const text of [bytes.join(""), JSON.stringify(listed)]) {
      expect(text).not.toContain(secret.slice(-43));
    }
    expect(JSON.stringify(listed)).not.toContain("igest");
  });

  test("holds until its time is over", async () => {
    const { keys, clock } = keysIn();
    const { secret } = await keys.create({ ...wish, ttlMs: 1_000 });
    clock.advance(999);
    expect(await keys.check(secret)).toBeDefined();
    clock.advance(1);
    expect(await keys.check(secret)).toBeUndefined();
    expect((await keys.list({})).items).toMatchObject([{ state: "expired" }]);
  });

  test("that is rotated holds as it was for the grace, and then only as it is", async () => {
    const { keys, clock } = keysIn();
    const { key, secret } = await keys.create(wish);
    const rotated = await keys.rotate(key.id, 1_000);
    expect(rotated.secret).not.toBe(secret);
    for (const text of [secret, rotated.secret]) expect(await keys.check(text)).toBeDefined();
    clock.advance(1_000);
    expect(await keys.check(secret)).toBeUndefined();
    expect(await keys.check(rotated.secret)).toBeDefined();
  });

  test("that is revoked is over at once, the former secret too, and cannot be rotated", async () => {
    const { keys } = keysIn();
    const { key, secret } = await keys.create(wish);
    const rotated = await keys.rotate(key.id, 60_000);
    expect(await keys.revoke(key.id)).toMatchObject({ state: "revoked" });
    for (const text of [secret, rotated.secret]) expect(await keys.check(text)).toBeUndefined();
    await expect(keys.rotate(key.id, 0)).rejects.toMatchObject({ code: "engine.key_over" });
  });

  test("of another tenant is not there for those who may change only their own", async () => {
    const { keys } = keysIn();
    const { key, secret } = await keys.create(wish);
    const unknown = { code: "engine.unknown_key" };
    await expect(keys.revoke(key.id, "other")).rejects.toMatchObject(unknown);
    await expect(keys.rotate(key.id, 0, "other")).rejects.toMatchObject(unknown);
    expect((await keys.list({ forTenant: "other" })).items).toEqual([]);
    expect(await keys.check(secret)).toBeDefined();
  });

  test("says about when it was used last, and does not write with every request", async () => {
    const { keys, clock } = keysIn();
    const { secret } = await keys.create(wish);
    await keys.check(secret);
    const first = (await keys.list({})).items[0]?.lastUsedAt;
    expect(first).toBe(clock.now());
    clock.advance(1_000);
    await keys.check(secret);
    expect((await keys.list({})).items[0]?.lastUsedAt).toBe(first);
    clock.advance(60_000);
    await keys.check(secret);
    expect((await keys.list({})).items[0]?.lastUsedAt).toBe(clock.now());
  });
});
