import { z } from "zod";
import type { SkillDependency } from "./skill.ts";

const scalarText = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const optionalText = scalarText.optional().catch(undefined);

/** What is read of front matter, however it is written. Unknown keys stay. */
export const frontMatterSchema = z.looseObject({
  name: optionalText,
  description: optionalText,
  license: optionalText,
  compatibility: optionalText,
  version: optionalText,
  metadata: z.record(z.string(), z.unknown()).optional().catch(undefined),
});
export type FrontFields = z.infer<typeof frontMatterSchema>;

/** The keys that are in use for a list of tools; the first is the specified or usual one. */
export const toolListKeys = {
  allowed: ["allowed-tools", "allowed_tools", "allowedTools"],
  disallowed: ["disallowed-tools", "disallowed_tools", "disallowedTools", "denied-tools"],
  approval: ["approval-required-for", "approval_required_for", "ask-tools"],
} as const;

const dependencyKeys = ["dependencies", "depends-on", "depends_on", "requires-skills"];

/** A list as it is written, or why it is none. Undefined where no such key is there. */
export type WrittenList =
  | { readonly key: string; readonly items: readonly string[] }
  | { readonly key: string; readonly empty: true }
  | { readonly key: string; readonly fault: string };

/**
 * A list of tools under the first of its keys that is there, also below `metadata`, which is where
 * the specification lets programs keep what is their own.
 */
export function writtenTools(front: FrontFields, keys: readonly string[]): WrittenList | undefined {
  for (const holder of [front, front.metadata ?? {}]) {
    const key = keys.find((name) => Object.hasOwn(holder, name));
    if (key !== undefined) return listIn(key, holder[key]);
  }
  return undefined;
}

function listIn(key: string, value: unknown): WrittenList {
  if (value === null || value === undefined) return { key, empty: true };
  if (typeof value === "string") return { key, items: toolNames(value) };
  if (!Array.isArray(value)) return { key, fault: `${key} is neither a text nor a list` };
  const items: string[] = [];
  for (const item of value) {
    if (typeof item !== "string") return { key, fault: `${key} has an entry that is no text` };
    // `- Read, Grep` is two names, `- Bash(git add *)` one.
    items.push(...toolNames(item));
  }
  return { key, items };
}

/** `Read, Bash(git add *)` → two names: commas and spaces separate, but not inside parentheses. */
function toolNames(value: string): string[] {
  return [...value.matchAll(/[^\s,(]+(?:\([^)]*\))?/g)].map((match) => match[0]);
}

/** What a skill says that it builds on, in the forms that are found. */
export function writtenDependencies(front: FrontFields): readonly SkillDependency[] {
  for (const holder of [front, front.metadata ?? {}]) {
    const key = dependencyKeys.find((name) => Object.hasOwn(holder, name));
    if (key === undefined) continue;
    const kind = key === "requires-skills" ? "skill" : "unsaid";
    return dependenciesIn(holder[key], kind);
  }
  return [];
}

const dependencyObject = z.looseObject({
  name: z.string().min(1),
  kind: z.string().optional().catch(undefined),
  type: z.string().optional().catch(undefined),
  optional: z.boolean().optional().catch(undefined),
});

function dependenciesIn(value: unknown, kind: SkillDependency["kind"]): SkillDependency[] {
  if (typeof value === "string") {
    const names = value.split(",").map((name) => name.trim());
    return names.filter((name) => name !== "").map((name) => ({ name, kind, optional: false }));
  }
  if (Array.isArray(value)) return value.flatMap((item) => dependenciesIn(item, kind));
  const parsed = dependencyObject.safeParse(value);
  if (parsed.success) {
    const { name, optional = false } = parsed.data;
    const said = parsed.data.kind ?? parsed.data.type;
    return [{ name, kind: said === "skill" ? "skill" : kind, optional }];
  }
  if (typeof value !== "object" || value === null) return [];
  // `skills: [a, b]` beside `python: [...]`: what is said by its key.
  return Object.entries(value).flatMap(([key, items]) =>
    key === "skills" || key === "skill" ? dependenciesIn(items, "skill") : [],
  );
}

/** Metadata as texts: the specification has texts only, found are lists and objects too. */
export function metadataTexts(metadata: FrontFields["metadata"]): {
  readonly texts: Readonly<Record<string, string>>;
  /** Keys whose values are no texts. */
  readonly others: readonly string[];
} {
  const texts: Record<string, string> = {};
  const others: string[] = [];
  for (const [key, value] of Object.entries(metadata ?? {})) {
    const parsed = scalarText.safeParse(value);
    if (!parsed.success) others.push(key);
    texts[key] = parsed.success ? parsed.data : (JSON.stringify(value) ?? "");
  }
  return { texts, others };
}
