import { z } from "zod";
import { Agent33Error } from "../../base/errors.ts";
import { effects } from "../../base/effect.ts";
import type { InventoryItem } from "../../engine.ts";
import { suggestName } from "../../base/nearest.ts";
import { askerOf } from "../installation.ts";
import { checksOf, errorData, errorOrNull } from "../checks-view.ts";
import { moment } from "../input.ts";
import { defineRoute, type Route } from "../route.ts";

const tag = "connectors";
const decision = z.enum(["allow", "ask", "deny"]);
const breakerState = z.enum(["closed", "open", "half_open"]);
const name = z.string().min(1).max(500);

const itemSchema = z
  .strictObject({
    id: z.string(),
    kind: z.string(),
    name: z.string(),
    problem: errorData.nullable().describe("why it cannot be used"),
    policy: z.array(
      z.strictObject({ effect: z.enum(effects), decision, rule: z.string(), call: z.string() }),
    ),
    breaker: breakerState,
    lastError: z
      .strictObject({
        callId: z.string(),
        at: moment,
        operation: z.string(),
        code: z.string(),
        message: z.string(),
      })
      .nullable(),
    confined: z.boolean().nullable().describe("null of what is no program"),
    note: z.string().nullable(),
  })
  .meta({ id: "Connector" });

const list = defineRoute({
  name: "listConnectors",
  method: "GET",
  path: "/v1/connectors",
  tag,
  scope: "connectors:read",
  effect: "read",
  summary: "List everything that a run could go out through",
  description: "With what policy says of it, and how it stands. Nothing is called.",
  answer: { status: 200, schema: z.strictObject({ items: z.array(itemSchema) }) },
  handle: async ({ engine: { inventory } }) => ({ items: shown(await inventory.list()) }),
});

const show = defineRoute({
  name: "showConnector",
  method: "GET",
  path: "/v1/connectors/{name}",
  tag,
  scope: "connectors:read",
  effect: "read",
  summary: "Look at one of them",
  description: "A name can stand for several, as a model and a server of that name.",
  params: z.strictObject({ name: name.describe("its id or its name") }),
  answer: { status: 200, schema: z.strictObject({ items: z.array(itemSchema) }) },
  problems: [404],
  handle: async ({ engine: { inventory }, params }) => ({
    items: shown(await inventory.list([params.name])),
  }),
});

function shown(items: readonly InventoryItem[]): z.input<typeof itemSchema>[] {
  return items.map((item) => ({
    ...item,
    problem: errorOrNull(item.problem),
    policy: [...item.policy],
  }));
}

const check = defineRoute({
  name: "checkConnectors",
  method: "POST",
  path: "/v1/connectors/check",
  tag,
  scope: "connectors:write",
  effect: "write",
  summary: "See whether connectors work",
  description:
    "By a call of each that changes nothing over there. Servers that are programs are started and ended.",
  body: z.strictObject({
    names: z.array(name).max(100).default([]).describe("ids or names; all by default"),
  }),
  answer: { status: 200, schema: checksOf("ConnectorChecks", { id: z.string() }) },
  problems: [404],
  seconds: 120,
  handle: async (call) => {
    const items = await call.engine.inventory.check(call.body.names, askerOf(call));
    return {
      ok: items.every(({ state }) => state !== "failed"),
      items: items.map((item) => ({ ...item, error: errorOrNull(item.error) })),
    };
  },
});

const breakerSchema = z
  .strictObject({
    key: z.string(),
    state: breakerState,
    attempts: z.int(),
    failures: z.int(),
    slow: z.int(),
    cooldownLeftMs: z.number(),
    timesOpened: z.int(),
    forced: z
      .strictObject({
        state: z.enum(["open", "closed"]),
        until: moment.nullable(),
        by: z.string(),
        reason: z.string(),
      })
      .nullable(),
  })
  .meta({ id: "Breaker" });

const breakers = defineRoute({
  name: "listBreakers",
  method: "GET",
  path: "/v1/breakers",
  tag,
  scope: "connectors:read",
  effect: "read",
  summary: "List circuit breakers that have been used or forced",
  answer: { status: 200, schema: z.strictObject({ items: z.array(breakerSchema) }) },
  handle: ({ engine: { boundary } }) => ({ items: [...boundary.breakers()] }),
});

const key = z.string().min(1).max(1_000).describe("the breaker's key, as the list shows it");

const force = defineRoute({
  name: "forceBreaker",
  method: "POST",
  path: "/v1/breakers/force",
  tag,
  scope: "connectors:write",
  effect: "write",
  summary: "Open or close a breaker, whatever it has seen",
  description: "In every process that shares the store, for this tenant's calls.",
  body: z.strictObject({
    key,
    state: z.enum(["open", "closed"]).describe("`open` lets nothing through"),
    reason: z.string().trim().min(1).max(1_000).describe("why; callers are told"),
    seconds: z.int().positive().max(31_536_000).exactOptional().describe("default: until reset"),
  }),
  answer: {
    status: 200,
    schema: z
      .strictObject({
        key: z.string(),
        state: z.enum(["open", "closed"]),
        until: moment.nullable(),
        known: z.boolean().describe("false where no such breaker has opened: see how it is spelt"),
      })
      .meta({ id: "ForcedBreaker" }),
  },
  handle: ({ engine: { boundary }, host, caller, body }) => {
    const { state, reason, seconds } = body;
    const known = boundary.breakers().some((one) => one.key === body.key);
    const until = seconds === undefined ? null : host.clock.now() + seconds * 1_000;
    boundary.forceBreaker(body.key, { state, until, by: caller.user, reason });
    return { key: body.key, state, until, known };
  },
});

const reset = defineRoute({
  name: "resetBreaker",
  method: "POST",
  path: "/v1/breakers/reset",
  tag,
  scope: "connectors:write",
  effect: "write",
  summary: "Take back what was forced, and forget what failed",
  body: z.strictObject({ key }),
  answer: {
    status: 200,
    schema: z
      .strictObject({ key: z.string(), state: z.literal("closed") })
      .meta({ id: "ResetBreaker" }),
  },
  problems: [404],
  handle: ({ engine: { boundary }, body }) => {
    const known = boundary.breakers().map((one) => one.key);
    if (!known.includes(body.key)) {
      throw new Agent33Error("api.unknown_breaker", `There is no breaker "${body.key}".`, {
        hint: suggestName(body.key, known),
      });
    }
    boundary.resetBreaker(body.key);
    return { key: body.key, state: "closed" as const };
  },
});

/** What calls go out through, and what keeps them from being made. */
export const connectorRoutes: readonly Route[] = [list, show, check, breakers, force, reset];
