import { Document, type YAMLMap, isMap, isSeq } from "yaml";
import type { JsonObject } from "../../../base/json.ts";
import type { DecisionEffect } from "../../types.ts";
import { policyProblems } from "../check.ts";
import { compilePolicy, compileRules } from "../compile.ts";
import { type Fault, type Position, placeOf } from "../errors.ts";
import { readPack } from "../pack-file.ts";
import type { LoadedPack } from "../pack.ts";
import type { MatchKeyName, MatchValue } from "../schema.ts";

/** What a rule asks about, as it is written into a pack. */
export type WrittenMatch = Readonly<Partial<Record<MatchKeyName, readonly MatchValue[]>>>;

/** A rule that was made of something else. */
export interface WrittenRule {
  readonly id: string;
  readonly effect: DecisionEffect;
  readonly match: WrittenMatch;
  /** CEL that must hold besides. */
  readonly when?: string;
  readonly reason: string;
  /** Where what it was made of stands; absent for what the import adds by itself. */
  readonly at?: Position;
}

export interface WrittenPack {
  readonly name: string;
  readonly description: string;
  readonly default: DecisionEffect;
  readonly rules: readonly WrittenRule[];
}

/** Why a rule cannot be said in a pack, and what to do instead. */
export interface Refusal {
  readonly message: string;
  readonly hint: string;
}

/** A pack as text, or every construct that packs cannot say, by name and place. */
export type Imported =
  | {
      readonly ok: true;
      readonly text: string;
      readonly rules: number;
      /** What the reader should know of the pack. */
      readonly notes: readonly string[];
    }
  | { readonly ok: false; readonly refused: readonly Fault[] };

/**
 * Writes a pack and compiles what was written, so that nothing is handed out that start-up would
 * refuse. What is wrong is told with the place in the source.
 */
export function writePack(pack: WrittenPack, notes: readonly string[], source: string): Imported {
  const text = packText(pack);
  const read = readPack(text, source);
  if (!read.ok) {
    // The line is one of the written text, which nobody has: only the file can be named.
    const refused = read.faults.map((fault) => ({ ...fault, at: startOf(source) }));
    return { ok: false, refused };
  }
  const places = new Map(pack.rules.map(({ id, at }) => [id, at ?? startOf(source)]));
  const placed: LoadedPack = {
    ...read.pack,
    rules: read.pack.rules.map((rule) => ({ ...rule, at: places.get(rule.id) ?? startOf(source) })),
  };
  const refused = [...policyProblems([placed], compileRules([placed]))].map((problem) => {
    const { details, message, hint = "" } = problem;
    const at = {
      file: source,
      line: Number(details?.["line"] ?? 1),
      column: Number(details?.["column"] ?? 1),
    };
    return { at, message: message.replace(`${placeOf(at)}: `, ""), hint };
  });
  if (refused.length > 0) return { ok: false, refused };
  compilePolicy([placed]);
  return { ok: true, text, rules: pack.rules.length, notes };
}

/** Faults in the order of the file. */
export function inOrder(faults: readonly Fault[]): readonly Fault[] {
  return faults.toSorted((a, b) => a.at.line - b.at.line || a.at.column - b.at.column);
}

function startOf(file: string): Position {
  return { file, line: 1, column: 1 };
}

/** Rules on few lines, as people write them: what a rule asks about stands in braces. */
function packText({ name, description, rules, ...pack }: WrittenPack): string {
  const document = new Document({
    pack: name,
    version: 1,
    description,
    default: pack.default,
    rules: rules.map(({ id, effect, match, when, reason }) => ({
      id,
      [effect]: shortest(match),
      ...(when === undefined ? {} : { when }),
      reason,
    })),
  });
  const list = document.get("rules");
  for (const rule of isSeq<YAMLMap>(list) ? list.items : []) {
    for (const word of ["deny", "ask", "allow"]) {
      const match = rule.get(word);
      if (isMap(match)) match.flow = true;
    }
  }
  return document.toString({ lineWidth: 100, flowCollectionPadding: true });
}

/** A list of one value is written as the value. */
function shortest(match: WrittenMatch): JsonObject {
  return Object.fromEntries(
    Object.entries(match).map(([key, values]) => {
      const [only] = values;
      return [key, values.length === 1 && only !== undefined ? only : [...values]];
    }),
  );
}

/** Ids for rules, made of free text, each once. */
export function ruleIds(): (text: string) => string {
  const used = new Set(["default"]);
  return (text) => {
    const slug = text
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, "-")
      .replaceAll(/^-+|-+$/g, "")
      .slice(0, 60);
    const base = slug === "" ? "rule" : slug;
    let id = base;
    for (let count = 2; used.has(id); count += 1) id = `${base}-${count}`;
    used.add(id);
    return id;
  };
}
