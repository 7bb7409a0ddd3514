import { z } from "zod";
import { isJsonObject, type JsonObject, type JsonValue, toJsonValue } from "../base/json.ts";
import { packageVersion } from "../base/version.ts";
import { problemSchema, titleOf } from "./problem.ts";
import type { Route } from "./route.ts";
import { scopes } from "./scopes.ts";

/** Errors that any route can answer with. */
const usual = [400, 401, 403, 429, 500, 503, 504];

/** The API as an OpenAPI 3.1 document, made of the routes and nothing else. */
export function openApi(routes: readonly Route[]): JsonObject {
  const components = createComponents();
  const problem = components.of(problemSchema, "output", "Problem");
  const paths: Record<string, Record<string, JsonValue>> = {};
  for (const route of routes) {
    const here = paths[route.path] ?? {};
    paths[route.path] = here;
    here[route.method.toLowerCase()] = operation(route, components, problem);
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "AGENT-33",
      version: packageVersion(),
      description: "Every operation needs a key with the scope that it names.",
    },
    servers: [{ url: "/" }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: components.all(),
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          description: "An API key, or a JWT where the server takes them.",
        },
      },
    },
    "x-scopes": scopes,
  };
}

function operation(route: Route, components: Components, problem: JsonObject): JsonObject {
  const { name: id } = route;
  const success = successOf(route, components);
  const bodyStatuses = route.body === undefined ? [] : [413, 415];
  const statuses = [...new Set([...usual, ...bodyStatuses, ...(route.problems ?? [])])];
  return {
    operationId: id,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    security: [{ bearer: [route.scope] }],
    "x-scope": route.scope,
    "x-effect": route.effect,
    ...(route.seconds === undefined ? {} : { "x-seconds": route.seconds }),
    parameters: [
      ...parameters(route.params, "path", components, id),
      ...parameters(route.query, "query", components, id),
    ],
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: !route.body.safeParse({}).success,
            content: {
              "application/json": { schema: components.of(route.body, "input", `${id}Body`) },
            },
          },
        }),
    responses: {
      ...success,
      ...Object.fromEntries(
        statuses.map((status) => [
          String(status),
          {
            description: titleOf(status),
            content: { "application/problem+json": { schema: problem } },
          },
        ]),
      ),
    },
  };
}

/** What there is where nothing goes wrong. */
function successOf({ answer, name: id }: Route, components: Components): JsonObject {
  if ("stream" in answer) {
    return {
      "200": {
        description: "Server-sent events; each has this form in its data.",
        content: {
          "text/event-stream": { schema: components.of(answer.stream, "output", `${id}Event`) },
        },
      },
      "204": { description: "There is nothing to tell any more; do not come again." },
    };
  }
  if ("lines" in answer) {
    return {
      "200": {
        description: "A file of JSON, one value a line; each has this form.",
        content: {
          "application/x-ndjson": { schema: components.of(answer.lines, "output", `${id}Line`) },
        },
      },
    };
  }
  if ("forms" in answer) {
    const forms = Object.entries(answer.forms).map(([type, schema], index) => [
      type,
      { schema: components.of(schema, "output", `${id}Form${index + 1}`) },
    ]);
    return { "200": { description: "Done.", content: Object.fromEntries(forms) as JsonObject } };
  }
  return {
    [String(answer.status)]: {
      description: { 200: "Done.", 201: "Made.", 202: "Begun; it goes on." }[answer.status],
      content: {
        "application/json": { schema: components.of(answer.schema, "output", `${id}Answer`) },
      },
    },
  };
}

function parameters(
  schema: z.ZodObject | undefined,
  where: "path" | "query",
  components: Components,
  id: string,
): readonly JsonObject[] {
  if (schema === undefined) return [];
  const { properties, required } = components.of(schema, "input", id);
  const needed = new Set(Array.isArray(required) ? required : []);
  return Object.entries((properties ?? {}) as JsonObject).map(([name, field]) => {
    const { description, ...rest } = field as JsonObject;
    return {
      name,
      in: where,
      required: needed.has(name),
      ...(description === undefined ? {} : { description }),
      schema: rest,
    };
  });
}

interface Components {
  /** A schema's place in the document; parts with names of their own go to the components. */
  of(schema: z.ZodType, io: "input" | "output", name: string): JsonObject;
  all(): JsonObject;
}

function createComponents(): Components {
  const schemas: Record<string, JsonValue> = {};
  return {
    of: (schema, io, name) => {
      const made = toJsonValue(z.toJSONSchema(schema, { io, unrepresentable: "any" }));
      const { $defs, $schema: _draft, id: _id, ...rest } = made as JsonObject;
      // Parts without a name of their own get one that no other operation has.
      const nameOf = (part: string): string =>
        part.startsWith("__schema") ? `${name}${part.slice("__schema".length)}` : part;
      const placed = (value: JsonValue): JsonValue => {
        if (Array.isArray(value)) return value.map((item: JsonValue) => placed(item));
        if (!isJsonObject(value)) return value;
        return Object.fromEntries(
          Object.entries(value).flatMap(([key, member]): [string, JsonValue][] => {
            if (key === "id" && typeof member === "string") return [];
            if (key !== "$ref" || typeof member !== "string") return [[key, placed(member)]];
            const part = member === "#" ? undefined : member.slice("#/$defs/".length);
            return [[key, `#/components/schemas/${part === undefined ? name : nameOf(part)}`]];
          }),
        );
      };
      for (const [part, definition] of Object.entries(($defs ?? {}) as JsonObject)) {
        schemas[nameOf(part)] = placed(definition);
      }
      const whole = placed(rest) as JsonObject;
      const own = z.globalRegistry.get(schema)?.id;
      if (own === undefined) return whole;
      // Where it is part of itself, it stands among its parts already.
      if (whole["$ref"] === undefined) schemas[own] = whole;
      return { $ref: `#/components/schemas/${own}` };
    },
    all: () => Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}
