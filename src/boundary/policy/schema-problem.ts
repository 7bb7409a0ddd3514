import { isMap, isScalar, isSeq, type Node } from "yaml";
import type { z } from "zod";
import { suggestName } from "../../base/nearest.ts";

export type Path = readonly PropertyKey[];

/** What is wrong with a file, and with which of its nodes. */
export interface SchemaProblem {
  readonly node: Node | null;
  readonly message: string;
  readonly hint: string;
}

/** What the author of a file can be told about its form. */
export interface FormHelp {
  /** Where the form is shown. */
  readonly hint: string;
  /** The names that are valid at a place. */
  readonly keysAt: (path: Path) => readonly string[];
}

/**
 * The schema's findings in words. Misspelt keys go first, because one misspelt key makes others
 * look missing; then the order of the file counts. What only looks missing is left out.
 */
export function schemaProblems(
  issues: readonly z.core.$ZodIssue[],
  root: Node | null,
  help: FormHelp,
): readonly SchemaProblem[] {
  const misspelt: SchemaProblem[] = [];
  const others: SchemaProblem[] = [];
  const hiding = new Set<Node | null>();
  for (const issue of issues) {
    if (issue.code !== "unrecognized_keys") continue;
    const node = nodeAt(root, issue.path);
    hiding.add(node);
    for (const key of issue.keys) misspelt.push(unknownKey(key, node, help.keysAt(issue.path)));
  }
  for (const issue of issues) {
    if (issue.code === "unrecognized_keys") continue;
    const problem = describe(issue, root, help.hint);
    if (!hiding.has(problem.node)) others.push(problem);
  }
  return [...misspelt.sort(byOffset), ...others.sort(byOffset)];
}

function byOffset(a: SchemaProblem, b: SchemaProblem): number {
  return offsetOf(a.node) - offsetOf(b.node);
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

function describe(issue: z.core.$ZodIssue, root: Node | null, hint: string): SchemaProblem {
  const node = nodeAt(root, issue.path);
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

function unknownKey(key: string, map: Node | null, known: readonly string[]): SchemaProblem {
  const message = `unknown key "${key}".`;
  return { node: keyNode(map, key), message, hint: suggestName(key, known) };
}

/** The node of a key itself, not of its value. */
function keyNode(map: Node | null, key: string): Node | null {
  if (!isMap(map)) return map;
  const pair = map.items.find((item) => isScalar(item.key) && item.key.value === key);
  return pair === undefined ? map : (pair.key as Node);
}
