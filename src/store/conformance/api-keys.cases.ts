import { expect } from "vitest";
import type { NewApiKey } from "../repositories/api-keys.ts";
import { type Case, code } from "./suite.cases.ts";
import { probe } from "./tenant-probe.cases.ts";

/** A key that nobody has made yet. */
export function newKey(id: string, more: Partial<NewApiKey> = {}): NewApiKey {
  return {
    id,
    name: `name of ${id}`,
    forTenant: "acme",
    forUser: "mara",
    scopes: ["runs:read", "runs:write"],
    digest: "a".repeat(64),
    expiresAt: null,
    ...more,
  };
}

/** Keys of the API, and what becomes of them. */
export const apiKeysCases: readonly Case[] = [
  {
    name: "keeps a key, its rotation, its end and its last use",
    run: async ({ backend, clock }) => {
      const { apiKeys } = backend.tenant("a");
      const at = clock.now();
      await apiKeys.create(newKey("k", { expiresAt: at + 1000 }));
      const made = {
        ...newKey("k", { expiresAt: at + 1000 }),
        former: null,
        createdAt: at,
        revokedAt: null,
        lastUsedAt: null,
      };
      expect(await apiKeys.get("k")).toEqual(made);
      clock.advance(5);
      expect(await apiKeys.used("k")).toBe(true);
      expect(await apiKeys.rotate("k", "b".repeat(64), at + 500)).toBe(true);
      expect(await apiKeys.revoke("k")).toBe(true);
      clock.advance(5);
      expect(await apiKeys.revoke("k")).toBe(true);
      expect(await apiKeys.get("k")).toEqual({
        ...made,
        digest: "b".repeat(64),
        former: { digest: "a".repeat(64), until: at + 500 },
        revokedAt: at + 5,
        lastUsedAt: at + 5,
      });
    },
  },
  {
    name: "lists keys newest first, all or those for one tenant, and knows which are not there",
    run: async ({ backend }) => {
      const { apiKeys } = backend.tenant("a");
      for (const id of ["one", "two", "three"]) {
        await apiKeys.create(newKey(id, { forTenant: id === "two" ? "other" : "acme" }));
      }
      const page = await apiKeys.list({ limit: 2 });
      expect(page.items.map(({ id }) => id)).toEqual(["three", "two"]);
      const next = await apiKeys.list({ limit: 2, cursor: page.nextCursor ?? "" });
      expect(next).toMatchObject({ items: [{ id: "one" }], nextCursor: null });
      const some = await apiKeys.list({ forTenant: "other" });
      expect(some.items.map(({ id }) => id)).toEqual(["two"]);
      expect(await apiKeys.get("four")).toBeUndefined();
      expect(await apiKeys.revoke("four")).toBe(false);
      expect(await apiKeys.rotate("four", "b".repeat(64), 0)).toBe(false);
      expect(await apiKeys.used("four")).toBe(false);
    },
  },
  {
    name: "refuses a key that is there already, and one that is none",
    run: async ({ backend }) => {
      const { apiKeys } = backend.tenant("a");
      await apiKeys.create(newKey("k"));
      await expect(apiKeys.create(newKey("k"))).rejects.toEqual(code("store.key_exists"));
      const bad = code("store.bad_key");
      await expect(apiKeys.create(newKey("l", { scopes: [] }))).rejects.toEqual(bad);
      await expect(apiKeys.create(newKey("l", { digest: "secret" }))).rejects.toEqual(bad);
      await expect(apiKeys.create(newKey("", {}))).rejects.toEqual(bad);
      await expect(apiKeys.rotate("k", "secret", 0)).rejects.toEqual(bad);
    },
  },
];

/** Keys of two installations. */
export const apiKeysProbe = probe("apiKeys", {
  fill: async ({ apiKeys }, { name, mark }) => {
    await apiKeys.create(newKey("shared", { name: mark, forUser: mark }));
    await apiKeys.create(newKey(`${name}-alone`, { name: mark }));
    return { alone: `${name}-alone` };
  },
  view: ({ apiKeys }) => apiKeys.list(),
  swaps: {
    create: async (stranger, { alone }) => {
      await stranger.create(newKey(alone));
    },
    get: async (stranger, { alone }) => {
      expect(await stranger.get(alone)).toBeUndefined();
      expect(await stranger.get("shared")).toMatchObject({ name: "known" });
    },
    list: async (stranger, _, own) => {
      const ids = (await stranger.list({ limit: 1000 })).items.map(({ id }) => id);
      expect(ids).toEqual([own.alone, "shared"]);
    },
    rotate: async (stranger, { alone }) => {
      expect(await stranger.rotate(alone, "c".repeat(64), 9)).toBe(false);
      expect(await stranger.rotate("shared", "c".repeat(64), 9)).toBe(true);
    },
    revoke: async (stranger, { alone }) => {
      expect(await stranger.revoke(alone)).toBe(false);
      expect(await stranger.revoke("shared")).toBe(true);
    },
    used: async (stranger, { alone }) => {
      expect(await stranger.used(alone)).toBe(false);
      expect(await stranger.used("shared")).toBe(true);
    },
  },
});
