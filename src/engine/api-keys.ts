import { timingSafeEqual } from "node:crypto";
import { sha256 } from "../base/digest.ts";
import { Agent33Error } from "../base/errors.ts";
import type { ApiKey } from "../store/repositories/api-keys.ts";
import type { Host } from "./host.ts";
import type { EngineStore } from "./tenant-store.ts";

export type { ApiKey } from "../store/repositories/api-keys.ts";

/** What somebody asks for who wants a key made. */
export interface KeyRequest {
  readonly name: string;
  /** The tenant that requests with it are for. */
  readonly tenant: string;
  readonly user: string;
  readonly scopes: readonly string[];
  /** Milliseconds that it holds; null is for ever. */
  readonly ttlMs: number | null;
}

/** A key with its secret, which is shown this once. */
export interface MadeKey {
  readonly key: ApiKey;
  readonly secret: string;
}

/** A key as it is shown: without anything that proves it. */
export type ShownKey = Omit<ApiKey, "digest" | "former"> & {
  /** Until when what it was before its rotation holds; null where it does not. */
  readonly formerUntil: number | null;
  readonly state: "active" | "expired" | "revoked";
};

/** The keys of this installation. */
export interface ApiKeys {
  /** @throws Agent33Error `store.bad_key` */
  create(request: KeyRequest): Promise<MadeKey>;
  /**
   * Gives a key a new secret.
   * @param graceMs how long the former secret holds besides
   * @throws Agent33Error `engine.unknown_key`, `engine.key_over`
   */
  rotate(id: string, graceMs: number, forTenant?: string): Promise<MadeKey>;
  /** Ends a key at once and for good. @throws Agent33Error `engine.unknown_key` */
  revoke(id: string, forTenant?: string): Promise<ShownKey>;
  /** @throws Agent33Error `engine.unknown_key` */
  show(id: string, forTenant?: string): Promise<ShownKey>;
  list(request: {
    readonly limit?: number;
    readonly cursor?: string;
    readonly forTenant?: string;
  }): Promise<{ readonly items: readonly ShownKey[]; readonly nextCursor: string | null }>;
  /** The key that a secret proves; undefined where it is none, or one that is over. */
  check(secret: string): Promise<ApiKey | undefined>;
  /**
   * A key that was proved before; undefined where it holds no more, or has other secrets since.
   * @param isOf whether the digest of a secret is that of the one which was proved
   */
  again(id: string, isOf: (digest: string) => boolean): Promise<ApiKey | undefined>;
  /** Whether a key was ever made here. */
  any(): Promise<boolean>;
}

/** What a key looks like: its id, which is no secret, and 256 random bits. */
const keyShape = /^a33_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;
/** How exactly it is kept when a key was used last. */
const usedEveryMs = 60_000;

/** @param store the rows of the tenant that the installation belongs to */
export function createApiKeys({
  store,
  host,
}: {
  readonly store: Pick<EngineStore, "apiKeys">;
  readonly host: Pick<Host, "clock" | "random">;
}): ApiKeys {
  const { clock, random } = host;
  const rows = store.apiKeys;

  const newSecret = (id: string): string =>
    `a33_${id}_${Buffer.from(random.bytes(32)).toString("base64url")}`;

  /** A key, for those of one tenant only theirs. */
  const found = (id: string, forTenant: string | undefined): ApiKey => {
    const key = rows.get(id);
    if (key !== undefined && (forTenant ?? key.forTenant) === key.forTenant) return key;
    throw new Agent33Error("engine.unknown_key", `There is no API key "${id}".`, {
      hint: "List them with `agent33 keys list`.",
      details: { id },
    });
  };
  const shown = (key: ApiKey): ShownKey => shownKey(key, clock.now());

  /** The key, where it holds and one of its secrets that hold is meant. */
  const holding = (id: string, isOf: (digest: string) => boolean): ApiKey | undefined => {
    const key = rows.get(id);
    if (key === undefined) return undefined;
    const now = clock.now();
    const { former } = key;
    const proved =
      isOf(key.digest) || (former !== null && former.until > now && isOf(former.digest));
    if (!proved || shownKey(key, now).state !== "active") return undefined;
    if (now - (key.lastUsedAt ?? 0) >= usedEveryMs) rows.used(key.id);
    return key;
  };

  return {
    create: async ({ name, tenant, user, scopes, ttlMs }) => {
      const id = Buffer.from(random.bytes(8)).toString("hex");
      const secret = newSecret(id);
      rows.create({
        id,
        name,
        forTenant: tenant,
        forUser: user,
        scopes,
        digest: sha256(secret),
        expiresAt: ttlMs === null ? null : clock.now() + ttlMs,
      });
      return { key: found(id, undefined), secret };
    },
    rotate: async (id, graceMs, forTenant) => {
      const { state } = shown(found(id, forTenant));
      if (state !== "active") {
        throw new Agent33Error("engine.key_over", `The API key "${id}" is ${state}.`, {
          hint: "Make a new one with `agent33 keys create`.",
          details: { id, state },
        });
      }
      const secret = newSecret(id);
      rows.rotate(id, sha256(secret), clock.now() + graceMs);
      return { key: found(id, undefined), secret };
    },
    revoke: async (id, forTenant) => {
      found(id, forTenant);
      rows.revoke(id);
      return shown(found(id, undefined));
    },
    show: async (id, forTenant) => shown(found(id, forTenant)),
    list: async (request) => {
      const page = rows.list(request);
      return { ...page, items: page.items.map(shown) };
    },
    check: async (secret) => {
      const id = keyShape.exec(secret)?.[1];
      if (id === undefined) return undefined;
      const given = sha256(secret);
      return holding(id, (digest) => isSame(given, digest));
    },
    again: async (id, isOf) => holding(id, isOf),
    any: async () => rows.list({ limit: 1 }).items.length > 0,
  };
}

function isSame(one: string, other: string): boolean {
  return timingSafeEqual(Buffer.from(one, "hex"), Buffer.from(other, "hex"));
}

/** A key without what proves it. @param now milliseconds since the Unix epoch */
function shownKey(key: ApiKey, now: number): ShownKey {
  const { digest: _digest, former, ...rest } = key;
  const expired = key.expiresAt !== null && key.expiresAt <= now;
  const state = key.revokedAt !== null ? "revoked" : expired ? "expired" : "active";
  const formerUntil = former !== null && former.until > now ? former.until : null;
  return { ...rest, formerUntil, state };
}
