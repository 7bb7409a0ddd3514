import { z } from "zod";
import { Agent33Error } from "../../base/errors.ts";
import type { ApiKeys, MadeKey, ShownKey } from "../../engine/api-keys.ts";
import { moment, pageOf, pageQuery, shownPage } from "../input.ts";
import { defineRoute, type Route, type RouteContext } from "../route.ts";
import { adminScope, grantable, isGrantable } from "../scopes.ts";

const tag = "keys";

const keySchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    tenant: z.string(),
    user: z.string(),
    scopes: z.array(z.string()),
    state: z.enum(["active", "expired", "revoked"]),
    createdAt: moment,
    expiresAt: moment.nullable(),
    revokedAt: moment.nullable(),
    lastUsedAt: moment.nullable(),
    formerUntil: moment.nullable().describe("until when the secret before the last one holds"),
  })
  .meta({ id: "ApiKey" });

const madeSchema = z
  .strictObject({ key: keySchema, secret: z.string().describe("shown this once") })
  .meta({ id: "MadeApiKey" });

const params = z.strictObject({ id: z.string().min(1).max(100).describe("the key's id") });

function view({ forTenant, forUser, ...key }: ShownKey): z.input<typeof keySchema> {
  return { ...key, scopes: [...key.scopes], tenant: forTenant, user: forUser };
}

/** Whose keys a caller may see: the admins of the installation's tenant all, others their own tenant's. */
function reach({ caller, config }: Pick<RouteContext, "caller" | "config">): string | undefined {
  const isOwner = caller.tenant === config.settings.tenant && caller.scopes.has(adminScope);
  return isOwner ? undefined : caller.tenant;
}

/** @throws Agent33Error `api.forbidden` for rights that the caller has not */
function checkRights({ caller }: Pick<RouteContext, "caller">, asked: readonly string[]): void {
  const own = caller.scopes;
  const over = asked.filter(
    (scope) => !own.has(adminScope) && !(isGrantable(scope) && own.has(scope)),
  );
  if (over.length === 0) return;
  throw new Agent33Error(
    "api.forbidden",
    `Nobody gives rights that they have not: ${over.join(", ")}.`,
    { hint: "Ask for fewer scopes, or with a key that has them.", details: { scopes: over } },
  );
}

const list = defineRoute({
  name: "listKeys",
  method: "GET",
  path: "/v1/keys",
  tag,
  scope: "keys:read",
  effect: "read",
  summary: "List API keys, newest first",
  query: pageQuery,
  answer: { status: 200, schema: pageOf(keySchema) },
  handle: async (call) => {
    const forTenant = reach(call);
    const scope = forTenant === undefined ? {} : { forTenant };
    return shownPage(await call.keys.list({ ...call.query, ...scope }), view);
  },
});

const create = defineRoute({
  name: "createKey",
  method: "POST",
  path: "/v1/keys",
  tag,
  scope: "keys:write",
  effect: "write",
  summary: "Make an API key",
  body: z.strictObject({
    name: z.string().min(1).max(200).describe("what it is for"),
    scopes: z
      .array(z.enum(grantable as [string, ...string[]]))
      .min(1)
      .max(100),
    user: z.string().min(1).max(200).exactOptional().describe("the caller's by default"),
    tenant: z
      .string()
      .min(1)
      .max(200)
      .exactOptional()
      .describe("the caller's by default; another only for admins of the installation's tenant"),
    seconds: z.int().min(1).max(3_153_600_000).exactOptional().describe("how long it holds"),
  }),
  answer: { status: 201, schema: madeSchema },
  location: ({ key }) => `/v1/keys/${key.id}`,
  handle: async (call) => {
    const { body, caller, keys } = call;
    const { tenant = caller.tenant } = body;
    checkRights(call, body.scopes);
    const allowed = reach(call);
    if (allowed !== undefined && tenant !== allowed) {
      throw new Agent33Error("api.forbidden", "The key would be for another tenant.", {
        hint: "Leave `tenant` out.",
      });
    }
    return made(
      await keys.create({
        name: body.name,
        tenant,
        user: body.user ?? caller.user,
        scopes: [...new Set(body.scopes)],
        ttlMs: body.seconds === undefined ? null : body.seconds * 1_000,
      }),
      keys,
    );
  },
});

const show = defineRoute({
  name: "showKey",
  method: "GET",
  path: "/v1/keys/{id}",
  tag,
  scope: "keys:read",
  effect: "read",
  summary: "Look at an API key",
  params,
  answer: { status: 200, schema: keySchema },
  problems: [404],
  handle: async (call) => view(await call.keys.show(call.params.id, reach(call))),
});

const rotate = defineRoute({
  name: "rotateKey",
  method: "POST",
  path: "/v1/keys/{id}/rotate",
  tag,
  scope: "keys:write",
  effect: "write",
  summary: "Give an API key another secret",
  params,
  body: z.strictObject({
    graceSeconds: z
      .int()
      .min(0)
      .max(31_536_000)
      .default(0)
      .describe("how long the former secret holds besides"),
  }),
  answer: { status: 200, schema: madeSchema },
  problems: [404, 409],
  handle: async (call) => {
    const { keys, params: named, body } = call;
    // A secret with more rights than the caller's would be a way to them.
    checkRights(call, (await keys.show(named.id, reach(call))).scopes);
    return made(await keys.rotate(named.id, body.graceSeconds * 1_000, reach(call)), keys);
  },
});

const revoke = defineRoute({
  name: "revokeKey",
  method: "DELETE",
  path: "/v1/keys/{id}",
  tag,
  scope: "keys:write",
  effect: "destructive",
  summary: "End an API key at once and for good",
  params,
  answer: { status: 200, schema: keySchema },
  problems: [404],
  handle: async (call) => view(await call.keys.revoke(call.params.id, reach(call))),
});

async function made({ key, secret }: MadeKey, keys: ApiKeys): Promise<z.input<typeof madeSchema>> {
  return { key: view(await keys.show(key.id)), secret };
}

/** Keys: who may use the API. */
export const keyRoutes: readonly Route[] = [list, create, show, rotate, revoke];
