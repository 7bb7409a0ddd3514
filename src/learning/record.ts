import type { z } from "zod";
import { Agent33Error } from "../base/errors.ts";
import { problemsOf } from "./problems.ts";

/** What stands in the code of the error for a record that does not fit. */
export type Entity = "intake" | "lesson" | "checklist" | "snapshot" | "refresh";

/**
 * What a schema makes of data from outside.
 * @throws Agent33Error `learning.bad_<entity>`, listing each problem with its path
 */
export function parseRecord<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  entity: Entity,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw badRecord(entity, problemsOf(parsed.error));
}

/** The error for a record with these problems, one line each. */
export function badRecord(entity: Entity, problems: readonly string[]): Agent33Error {
  return new Agent33Error(
    `learning.bad_${entity}`,
    `The ${entity} is malformed: ${problems.join("; ")}.`,
    { hint: "Correct the named fields.", details: { problems } },
  );
}
