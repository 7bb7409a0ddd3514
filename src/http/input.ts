import { z } from "zod";
import { Agent33Error } from "../base/errors.ts";
import type { JsonValue } from "../base/json.ts";

/** One thing that is wrong with what came in. */
export interface InputProblem {
  /** `body.task`, `query.limit`. */
  readonly where: string;
  readonly what: string;
}

/** The error for input that does not fit. @param problems at least one */
export function invalidRequest(problems: readonly InputProblem[], cause?: unknown): Agent33Error {
  const shown = problems.slice(0, 20);
  const text = shown.map(({ where, what }) => `${where}: ${what}`).join("; ");
  return new Agent33Error("api.invalid_request", `The request does not fit: ${text}.`, {
    hint: "Compare it with the operation in /openapi.json, or on the page /docs.",
    details: { problems: shown.map((one) => ({ ...one })) },
    cause,
  });
}

/** A value as its schema says. @throws Agent33Error `api.invalid_request` */
export function checked<S extends z.ZodType>(
  schema: S,
  value: unknown,
  where: string,
): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => ({
    where: [where, ...path.map(String)].join("."),
    what: message,
  }));
  throw invalidRequest(problems, parsed.error);
}

/** Anything that JSON can hold. */
export const jsonValue: z.ZodType<JsonValue, JsonValue> = z
  .lazy(() =>
    z.union([
      z.string(),
      z.number(),
      z.boolean(),
      z.null(),
      z.array(jsonValue),
      z.record(z.string(), jsonValue),
    ]),
  )
  .meta({ id: "JsonValue" });

/** How a list is asked for. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(50).describe("how many at most"),
  cursor: z
    .string()
    .regex(/^[1-9][0-9]{0,14}$/, "Pass the nextCursor of the page before, unchanged")
    .exactOptional()
    .describe("nextCursor of the page before"),
});

/** A moment in a query: milliseconds since the Unix epoch. */
export const timeQuery = z.coerce.number().int().nonnegative().max(8.64e15).exactOptional();

/** A page of a list. @param item what is in the list */
export function pageOf<S extends z.ZodType>(item: S) {
  return z.strictObject({
    items: z.array(item),
    nextCursor: z.string().nullable().describe("goes into `cursor` for the next page"),
    damaged: z
      .array(z.string())
      .exactOptional()
      .describe("what is there and cannot be read, each with what is wrong"),
  });
}

/** A page of the store as the API gives it. @param view makes what is shown of an item */
export function shownPage<T, V>(
  page: {
    readonly items: readonly T[];
    readonly nextCursor: string | null;
    readonly damaged?: readonly string[];
  },
  view: (item: T) => V,
): { items: V[]; nextCursor: string | null; damaged?: string[] } {
  const { items, nextCursor, damaged } = page;
  return {
    items: items.map(view),
    nextCursor,
    ...(damaged === undefined ? {} : { damaged: [...damaged] }),
  };
}

/**
 * A page of a list by time, newest first. Its cursor is a moment: what came at the same one stays
 * together, so that nothing is left out between two pages.
 * @param newest the whole list, newest first
 */
export function timePage<T>(
  newest: readonly T[],
  timeOf: (item: T) => number,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
): { readonly items: readonly T[]; readonly nextCursor: string | null } {
  const before = cursor === undefined ? Number.POSITIVE_INFINITY : Number(cursor);
  const left = newest.filter((item) => timeOf(item) < before);
  const last = left[limit - 1];
  if (last === undefined) return { items: left, nextCursor: null };
  const items = left.filter((item) => timeOf(item) >= timeOf(last));
  return { items, nextCursor: items.length < left.length ? String(timeOf(last)) : null };
}

/** Milliseconds since the Unix epoch. */
export const moment = z.int().nonnegative();
