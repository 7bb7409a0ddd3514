import { z } from "zod";
import { Agent33Error } from "../../base/errors.ts";
import { problemsOf } from "../../learning/problems.ts";
import { storableText } from "../../learning/text.ts";
import { jsonIn } from "../damage.ts";
import { type Condition, newestFirst } from "../newest-first.ts";
import type { Page, PageRequest } from "../pages.ts";
import { change, type Program, read, type SqlValue, select, write } from "../program.ts";
import { queries } from "../queries.ts";
import type { ApiKeysTable } from "../tables.ts";
import type { RepositoryContext } from "./context.ts";

/** What a key is made with. */
export interface NewApiKey {
  readonly id: string;
  readonly name: string;
  /** The tenant that requests with it are for. */
  readonly forTenant: string;
  readonly forUser: string;
  readonly scopes: readonly string[];
  /** Of its secret, which is kept nowhere. */
  readonly digest: string;
  /** Milliseconds since the Unix epoch; null is never. */
  readonly expiresAt: number | null;
}

/** A key as it is kept. */
export interface ApiKey extends NewApiKey {
  /** What it was before it was rotated, while that still holds. */
  readonly former: { readonly digest: string; readonly until: number } | null;
  readonly createdAt: number;
  readonly revokedAt: number | null;
  /** About when it was used last. */
  readonly lastUsedAt: number | null;
}

const digestSchema = z.string().regex(/^[0-9a-f]{64}$/, "Must be a SHA-256 in hexadecimal");
const newKeySchema = z.strictObject({
  id: storableText(1, 100),
  name: storableText(1, 200),
  forTenant: storableText(1, 200),
  forUser: storableText(1, 200),
  scopes: z.array(storableText(1, 100)).min(1).max(100),
  digest: digestSchema,
  expiresAt: z.int().min(0).nullable(),
});

/** The keys of an installation, which is the tenant whose rows these are. */
export function apiKeysRepository({ tenant, clock }: RepositoryContext) {
  const rowsOf = () => queries.selectFrom("api_keys").selectAll().where("tenant", "=", tenant);
  function* changeOne(id: string, set: string, ...values: readonly SqlValue[]): Program<boolean> {
    const sql = `UPDATE api_keys SET ${set} WHERE tenant = ? AND id = ?`;
    return (yield* change(sql, ...values, tenant, id)) > 0;
  }
  return {
    /** @throws Agent33Error `store.bad_key`, `store.key_exists` */
    create: write(function* (key: NewApiKey): Program<void> {
      const { id, name, forTenant, forUser, scopes, digest, expiresAt } = parse(newKeySchema, key);
      const made = yield* change(
        `INSERT INTO api_keys
           (tenant, id, name, for_tenant, for_user, scopes, digest, created_at, expires_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, id) DO NOTHING`,
        tenant,
        id,
        name,
        forTenant,
        forUser,
        JSON.stringify(scopes),
        digest,
        clock.now(),
        expiresAt,
      );
      if (made > 0) return;
      throw new Agent33Error("store.key_exists", `There is a key "${id}" already.`, {
        hint: "Make it under another id.",
        details: { id },
      });
    }),
    get: read(function* (id: string): Program<ApiKey | undefined> {
      const [row] = yield* select(rowsOf().where("id", "=", id));
      return row === undefined ? undefined : keyOf(row);
    }),
    /** Newest first. @throws Agent33Error `store.bad_cursor` */
    list: read(function* (
      request: PageRequest & { readonly forTenant?: string } = {},
    ): Program<Page<ApiKey>> {
      const where: readonly Condition[] = [["for_tenant", "=", request.forTenant]];
      return yield* newestFirst({ table: "api_keys", tenant, where }, request, keyOf);
    }),
    /**
     * Gives a key another secret; the former one holds until a time. Says whether the key is there.
     * @throws Agent33Error `store.bad_key`
     */
    rotate: write(function* (id: string, digest: string, formerUntil: number): Program<boolean> {
      return yield* changeOne(
        id,
        "former_digest = digest, former_until = ?, digest = ?",
        formerUntil,
        parse(digestSchema, digest),
      );
    }),
    /** Ends a key for good; the first time stands. Says whether it is there. */
    revoke: write(function* (id: string): Program<boolean> {
      return yield* changeOne(id, "revoked_at = COALESCE(revoked_at, ?)", clock.now());
    }),
    /** Notes that it was used now. Says whether it is there. */
    used: write(function* (id: string): Program<boolean> {
      return yield* changeOne(id, "last_used_at = ?", clock.now());
    }),
  };
}

function keyOf(row: Omit<ApiKeysTable, "seq">): ApiKey {
  const { former_digest: digest, former_until: until } = row;
  return {
    id: row.id,
    name: row.name,
    forTenant: row.for_tenant,
    forUser: row.for_user,
    scopes: z.array(z.string()).parse(jsonIn("api_keys", row.id, row.scopes)),
    digest: row.digest,
    former: digest === null || until === null ? null : { digest, until },
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
  };
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error);
  throw new Agent33Error("store.bad_key", `Bad API key: ${problems.join("; ")}.`, {
    hint: "Give it a name, a tenant, a user and at least one scope.",
    details: { problems },
    cause: parsed.error,
  });
}
