import { z } from "zod";
import type { Operation, OperationArea } from "../engine/operations.ts";
import { errorData, errorOrNull } from "./checks-view.ts";
import { jsonValue, moment, pageOf, pageQuery } from "./input.ts";
import { requireInstallation } from "./installation.ts";
import { settingsPlaces, shownAs } from "./placeless.ts";
import { statusOf } from "./problem.ts";
import { defineRoute, type Route, type RouteContext } from "./route.ts";
import type { Scope } from "./scopes.ts";

/** Long work as it is shown to whoever asked for it. */
export const operationSchema = z
  .strictObject({
    id: z.string(),
    kind: z.string(),
    by: z.strictObject({ user: z.string(), key: z.string() }),
    state: z.enum(["running", "done", "failed", "cancelled"]),
    startedAt: moment,
    finishedAt: moment.nullable(),
    progress: z
      .strictObject({
        phase: z.string(),
        done: z.number(),
        total: z.number().exactOptional(),
      })
      .nullable(),
    result: jsonValue.describe("what came of it; null until it is done"),
    error: errorData.nullable(),
  })
  .meta({ id: "Operation" });

/** Of the words of an error there is no more than the API says of any: nothing of what failed inside. */
export function operationView(
  operation: Operation,
  { config, host }: Pick<RouteContext, "config" | "host">,
): z.input<typeof operationSchema> {
  const { area: _area, tenant: _tenant, number: _number, error, ...shown } = operation;
  const inside = error !== null && statusOf(error) === 500;
  const told = inside ? { ...error, message: "It failed inside AGENT-33." } : error;
  return shownAs(
    operationSchema,
    { ...shown, error: errorOrNull(told) },
    host,
    settingsPlaces(config, host),
  );
}

/**
 * The routes that show the long work of an area, and end it.
 * @param area `store` belongs to the installation, `policy` to each tenant
 */
export function operationRoutes(
  area: OperationArea,
  rights: { readonly read: Scope; readonly write: Scope },
): readonly Route[] {
  const Area = `${area.slice(0, 1).toUpperCase()}${area.slice(1)}`;
  const path = `/v1/${area}/operations` as const;
  const facts = { tag: area, scope: rights.read, effect: "read" } as const;
  const params = z.strictObject({ id: z.string().min(1).max(100) });
  const whose = (call: RouteContext) => {
    if (area === "store") requireInstallation(call);
    return { area, tenant: call.caller.tenant };
  };
  return [
    defineRoute({
      ...facts,
      name: `list${Area}Operations`,
      method: "GET",
      path,
      summary: "List what goes on and what was done lately, newest first",
      description:
        "What this server did itself since it was started, the newest of it. What came of it is kept where such things are.",
      query: pageQuery,
      answer: { status: 200, schema: pageOf(operationSchema) },
      handle: (call) => {
        const { limit, cursor } = call.query;
        const before = cursor === undefined ? {} : { before: Number(cursor) };
        const found = call.engines.operations.list(whose(call), { limit: limit + 1, ...before });
        const items = found.slice(0, limit);
        const more = found.length > limit ? items.at(-1) : undefined;
        return {
          items: items.map((one) => operationView(one, call)),
          nextCursor: more === undefined ? null : String(more.number),
        };
      },
    }),
    defineRoute({
      ...facts,
      name: `show${Area}Operation`,
      method: "GET",
      path: `${path}/{id}`,
      summary: "Look at how far something is, and at what came of it",
      params,
      answer: { status: 200, schema: operationSchema },
      problems: [404],
      handle: (call) =>
        operationView(call.engines.operations.find(whose(call), call.params.id), call),
    }),
    defineRoute({
      ...facts,
      scope: rights.write,
      effect: "write",
      name: `cancel${Area}Operation`,
      method: "POST",
      path: `${path}/{id}/cancel`,
      summary: "Ask something that goes on to end",
      params,
      answer: { status: 202, schema: operationSchema },
      problems: [404],
      handle: (call) =>
        operationView(call.engines.operations.cancel(whose(call), call.params.id), call),
    }),
  ];
}

/** Begins long work in the name of whoever asks. @throws Agent33Error `engine.operation_running` */
export function begin(
  call: RouteContext,
  area: OperationArea,
  kind: string,
  work: Parameters<RouteContext["engines"]["operations"]["start"]>[1],
): z.input<typeof operationSchema> {
  const { tenant, user, key } = call.caller;
  const begun = call.engines.operations.start({ area, kind, tenant, by: { user, key } }, work);
  return operationView(begun, call);
}
