import { z } from "zod";
import { createSecretStore, type ShownSecret } from "../../engine/secrets/secret-store.ts";
import { moment } from "../input.ts";
import { requireInstallation } from "../installation.ts";
import { defineRoute, type Route, type RouteContext } from "../route.ts";

const tag = "secrets";

const secretSchema = z
  .strictObject({
    name: z.string(),
    version: z.int().positive().describe("how often it got a value"),
    keyId: z.string().describe("which master key it is sealed under"),
    createdAt: moment,
    changedAt: moment,
  })
  .meta({ id: "StoredSecret" });

const nameField = z.string().min(1).max(128);
const params = z.strictObject({ name: nameField.describe("the secret's name") });
const valueField = z.string().min(1).max(65_536).describe("never given out again");

const view = (secret: ShownSecret): z.input<typeof secretSchema> => ({ ...secret });

/** The secrets of the installation, which its own tenant alone may touch. */
function storeOf(call: RouteContext) {
  requireInstallation(call);
  return createSecretStore(call.config, call.host);
}

/** What is written from now on, here, must not hold it. */
function keepOut({ engines }: RouteContext, name: string, value: string): void {
  for (const engine of engines.all()) engine.keepsOut(name, value);
}

const list = defineRoute({
  name: "listSecrets",
  method: "GET",
  path: "/v1/secrets",
  tag,
  scope: "secrets:read",
  effect: "read",
  summary: "List stored secrets, without their values",
  answer: { status: 200, schema: z.strictObject({ items: z.array(secretSchema) }) },
  problems: [403],
  handle: (call) => ({ items: storeOf(call).list().map(view) }),
});

const keep = defineRoute({
  name: "keepSecret",
  method: "POST",
  path: "/v1/secrets",
  tag,
  scope: "secrets:write",
  effect: "write",
  summary: "Keep a new secret, sealed; the server takes it up at once",
  body: z.strictObject({ name: nameField, value: valueField }),
  hidesBody: true,
  answer: { status: 201, schema: secretSchema },
  problems: [403, 409, 422, 503],
  location: () => "/v1/secrets",
  handle: (call) => {
    const { name, value } = call.body;
    const kept = storeOf(call).add(name, value);
    keepOut(call, name, value);
    return view(kept);
  },
});

const rotate = defineRoute({
  name: "rotateSecret",
  method: "POST",
  path: "/v1/secrets/{name}/rotate",
  tag,
  scope: "secrets:write",
  effect: "write",
  summary: "Give a secret another value; the server takes it up at once",
  params,
  body: z.strictObject({ value: valueField }),
  hidesBody: true,
  answer: { status: 200, schema: secretSchema },
  problems: [403, 404, 422, 503],
  handle: (call) => {
    const { name } = call.params;
    const { value } = call.body;
    const kept = storeOf(call).rotate(name, value);
    keepOut(call, name, value);
    return view(kept);
  },
});

const remove = defineRoute({
  name: "removeSecret",
  method: "DELETE",
  path: "/v1/secrets/{name}",
  tag,
  scope: "secrets:write",
  effect: "destructive",
  summary: "Forget a secret for good; the server uses it no more",
  params,
  answer: { status: 200, schema: secretSchema },
  problems: [403, 404, 503],
  handle: (call) => view(storeOf(call).remove(call.params.name)),
});

/** Stored secrets: names and ages, never values. */
export const secretRoutes: readonly Route[] = [list, keep, rotate, remove];
