import { z } from "zod";
import { askerOf } from "../installation.ts";
import { checksOf, errorData, errorOrNull } from "../checks-view.ts";
import { defineRoute, type Route } from "../route.ts";
import { modelName } from "../runs-view.ts";

const tag = "models";

const modelSchema = z
  .strictObject({
    name: z.string(),
    namedIn: z.array(z.string()).describe("where the settings name it"),
    baseUrl: z.string().nullable(),
    key: z
      .strictObject({ variable: z.string(), isSet: z.boolean() })
      .nullable()
      .describe("the variable that its key is read from; never the key"),
    contextTokens: z.int().nullable(),
    price: z
      .strictObject({
        inputMicroUsd: z.number(),
        outputMicroUsd: z.number(),
        source: z.string(),
      })
      .nullable()
      .describe("in micro-USD a million tokens; null is unpriced, never free"),
    fallbacks: z.array(z.string()),
    problem: errorData.nullable(),
  })
  .meta({ id: "Model" });

const list = defineRoute({
  name: "listModels",
  method: "GET",
  path: "/v1/models",
  tag,
  scope: "connectors:read",
  effect: "read",
  summary: "List the models that runs may ask",
  description: "Where each is, its key, its window and its price. Nothing is called.",
  query: z.strictObject({
    name: z
      .union([modelName.transform((one) => [one]), z.array(modelName).max(100)])
      .exactOptional()
      .describe("provider:model; may be given again; those that the settings name by default"),
  }),
  answer: { status: 200, schema: z.strictObject({ items: z.array(modelSchema) }) },
  problems: [422],
  handle: async ({ engine: { models }, query: { name } }) => ({
    items: (await models.list(name)).map((model) => ({
      ...model,
      problem: errorOrNull(model.problem),
      namedIn: [...model.namedIn],
      fallbacks: [...model.fallbacks],
    })),
  }),
});

const check = defineRoute({
  name: "checkModels",
  method: "POST",
  path: "/v1/models/check",
  tag,
  scope: "connectors:write",
  effect: "write",
  summary: "See whether models are served where they should be",
  description: "By a call of each provider that costs nothing.",
  body: z.strictObject({
    names: z
      .array(modelName)
      .max(100)
      .default([])
      .describe("provider:model; those that the settings name by default"),
  }),
  answer: {
    status: 200,
    schema: checksOf("ModelChecks", { baseUrl: z.string().nullable() }),
  },
  problems: [422],
  seconds: 120,
  handle: async (call) => {
    const items = await call.engine.models.check(call.body.names, askerOf(call));
    return {
      ok: items.every(({ state }) => state !== "failed"),
      items: items.map((item) => ({ ...item, error: errorOrNull(item.error) })),
    };
  },
});

/** The models that runs may ask. */
export const modelRoutes: readonly Route[] = [list, check];
