import { isMap, isScalar, isSeq, type Node } from "yaml";
import type { z } from "zod";
import { suggestName } from "../../base/nearest.ts";
import { limitSchema, matchSchema, packSchema, ruleSchema } from "./schema.ts";

type Path = readonly PropertyKey[];

/** What is wrong with a pack, and with which node of its file. */
export interface PackProblem {
  readonly node: Node | null;
  readonly message: string;
  readonly hint: string;
}

/**
 * The schema's finding to tell, in words. Misspelt keys go first, because one misspelt key makes
 * others look missing; then the order of the file counts.
 */
export function firstProblem(issues: readonly z.core.$ZodIssue[], root: Node | null): PackProblem {
  const misspelt = issues.filter((issue) => issue.code === "unrecognized_keys");
  const problems = (misspelt.length > 0 ? misspelt : issues).map((issue) => describe(issue, root));
  const first = problems.reduce((a, b) => (offsetOf(b.node) < offsetOf(a.node) ? b : a));
  const more = issues.length === 1 ? "" : ` (and ${issues.length - 1} more)`;
  return { ...first, message: first.message + more };
}

/** The node at a path, or the nearest one above it where the path leads nowhere. */
export function nodeAt(root: Node | null, path: Path): Node | null {
  let node = root;
  for (const step of path) {
    let next: unknown;
    if (isMap(node)) next = node.get(step, true);
    else if (isSeq(node)) next = node.get(Number(step), true);
    if (typeof next !== "object" || next === null) return node;
    node = next as Node;
  }
  return node;
}

/** Where a node begins in the text. */
export function offsetOf(node: Node | null): number {
  return node?.range?.[0] ?? 0;
}

/**
 * Where a place in a text stands in the file that the text was read from: quotes, backslashes,
 * indentation and folded lines come on top there. The text's begin where that cannot be told.
 */
export function offsetWithin(node: Node | null, source: string, index: number): number {
  const start = offsetOf(node);
  if (!isScalar(node) || typeof node.value !== "string") return start;
  const block = node.type === "BLOCK_FOLDED" || node.type === "BLOCK_LITERAL";
  let at = block ? source.indexOf("\n", start) + 1 : start;
  let last = start;
  for (const letter of node.value.slice(0, index + 1)) {
    if (letter.trim() === "") continue;
    while (source[at] !== letter && /[\s"'\\]/.test(source[at] ?? "x")) at += 1;
    if (source[at] !== letter) return start;
    last = at;
    at += 1;
  }
  return last;
}

function describe(issue: z.core.$ZodIssue, root: Node | null): PackProblem {
  const node = nodeAt(root, issue.path);
  if (issue.code === "unrecognized_keys") {
    const key = issue.keys[0] ?? "";
    const hint = suggestName(key, keysAt(issue.path));
    return { node: keyNode(node, key), message: `unknown key "${key}".`, hint };
  }
  const hint = "docs/policy/packs.md shows the form of a pack.";
  const last = issue.path.at(-1);
  if (issue.code !== "custom" && typeof last === "string" && isMap(node) && !node.has(last)) {
    return { node, message: `"${last}" is missing.`, hint };
  }
  const where = issue.path.length === 0 ? "" : `${issue.path.map(String).join(".")}: `;
  if (issue.code === "invalid_value") {
    const given = isScalar(node) ? String(node.value) : "";
    const known = issue.values.map(String);
    const message = `${where}"${given}" is not one of ${known.join(", ")}.`;
    return { node, message, hint: suggestName(given, known) };
  }
  return { node, message: `${where}${issue.message}.`, hint };
}

/** The names that are valid at a place in a pack: its own keys, those of a rule, of a match. */
function keysAt(path: Path): readonly string[] {
  if (path.length === 0) return Object.keys(packSchema.shape);
  if (path.at(-1) === "limit") return Object.keys(limitSchema.shape);
  return Object.keys(path.length === 2 ? ruleSchema.shape : matchSchema.shape);
}

/** The node of a key itself, not of its value. */
function keyNode(map: Node | null, key: string): Node | null {
  if (!isMap(map)) return map;
  const pair = map.items.find((item) => isScalar(item.key) && item.key.value === key);
  return pair === undefined ? map : (pair.key as Node);
}
