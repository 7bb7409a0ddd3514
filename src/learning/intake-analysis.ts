import { z } from "zod";
import type { JsonObject } from "../base/json.ts";
import { storableText } from "./text.ts";

const maxDepth = 20;
const maxCharacters = 100_000;
const text = storableText(0, maxCharacters);

/**
 * What an analysis found: a JSON object. It is kept as it is given and not looked into; only its
 * depth, its length and what a database cannot hold are checked.
 */
export const analysisSchema = z.custom<JsonObject>().superRefine((value, context) => {
  const problem = problemOf(value);
  if (problem !== undefined) context.addIssue({ code: "custom", ...problem });
});

interface Problem {
  readonly message: string;
  readonly path: (string | number)[];
}

interface Place {
  readonly value: unknown;
  readonly path: (string | number)[];
}

/** The first thing that is not JSON or cannot be stored. It walks without calling itself. */
function problemOf(root: unknown): Problem | undefined {
  if (!isPlainObject(root)) return { message: "Must be a JSON object", path: [] };
  const open: Place[] = [{ value: root, path: [] }];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const { value, path } = place;
    const message = problemHere(value, path);
    if (message !== undefined) return { message, path };
    for (const [key, inner] of partsOf(value)) {
      const told = text.safeParse(key).error?.issues[0]?.message;
      if (told !== undefined) return { message: `a key: ${told}`, path };
      open.push({ value: inner, path: [...path, key] });
    }
  }
  const length = JSON.stringify(root).length;
  if (length <= maxCharacters) return undefined;
  return { message: `Must be at most ${maxCharacters} characters of JSON, is ${length}`, path: [] };
}

function problemHere(value: unknown, path: readonly unknown[]): string | undefined {
  if (value === null || typeof value === "boolean") return undefined;
  if (typeof value === "string") return text.safeParse(value).error?.issues[0]?.message;
  if (typeof value === "number") return Number.isFinite(value) ? undefined : "Must be finite";
  if (!Array.isArray(value) && !isPlainObject(value)) return "Must be JSON";
  return path.length < maxDepth ? undefined : `Must be at most ${maxDepth} levels deep`;
}

function partsOf(value: unknown): Iterable<readonly [string, unknown]> {
  return typeof value === "object" && value !== null ? Object.entries(value) : [];
}

function isPlainObject(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
