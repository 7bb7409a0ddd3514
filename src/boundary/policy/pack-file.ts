import { z } from "zod";
import { type Faults, firstFault, type Position } from "./errors.ts";
import type { Path } from "./schema-problem.ts";
import { type LoadedPack, type LoadedRule, matchSchema, packSchema, ruleSchema } from "./schema.ts";
import { readYaml, type YamlForm } from "./yaml-file.ts";

const unitsMs: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const packForm: YamlForm<z.output<typeof packSchema>> = {
  schema: packSchema,
  hint: "docs/policy/packs.md shows the form of a pack.",
  keysAt: packKeysAt,
};

/** A pack, or all that is wrong with its file. */
export type PackReading =
  | { readonly ok: true; readonly pack: LoadedPack }
  | {
      readonly ok: false;
      readonly faults: Faults;
      /** The pack without the rules that are malformed; to be looked at, never to be used. */
      readonly rest?: LoadedPack;
    };

/** Reads one pack. @param file how the file is called in messages */
export function readPack(text: string, file: string): PackReading {
  const read = readYaml(text, file, packForm);
  if (read.ok) return { ok: true, pack: toPack(read.data, read.data.rules, read.at) };
  const { faults, data, at } = read;
  const rest = salvaged.safeParse(data);
  if (!rest.success) return { ok: false, faults };
  const rules = rest.data.rules.map((rule) => ruleSchema.safeParse(rule).data);
  return { ok: false, faults, rest: toPack(rest.data, rules, at) };
}

const salvaged = z.object({ ...packSchema.shape, rules: z.array(z.unknown()) });

/** @param rules undefined for those that are left out */
function toPack(
  pack: Omit<z.output<typeof packSchema>, "rules">,
  rules: readonly (z.output<typeof ruleSchema> | undefined)[],
  at: (...path: readonly PropertyKey[]) => Position,
): LoadedPack {
  return {
    name: pack.pack,
    version: pack.version,
    description: pack.description.trim(),
    extends: pack.extends.map((name, index) => ({ name, at: at("extends", index) })),
    default: pack.default,
    defaultAt: at("default"),
    rules: rules.flatMap((rule, index) =>
      rule === undefined ? [] : [toRule(rule, at("rules", index))],
    ),
  };
}

/**
 * Reads one pack.
 * @throws Agent33Error `policy.malformed_pack` with file, line and column, and where a name is
 * misspelt with the nearest valid one.
 */
export function parsePack(text: string, file: string): LoadedPack {
  const read = readPack(text, file);
  if (read.ok) return read.pack;
  throw firstFault("malformed_pack", read.faults);
}

/** The names that are valid at a place in a pack: its own keys, those of a rule, of a match. */
function packKeysAt(path: Path): readonly string[] {
  if (path.length === 0) return Object.keys(packSchema.shape);
  return Object.keys(path.length === 2 ? ruleSchema.shape : matchSchema.shape);
}

function toRule(rule: z.infer<typeof ruleSchema>, at: Position): LoadedRule {
  const { id, reason } = rule;
  // The schema has seen to it that exactly one of the three is there.
  const effect = rule.deny !== undefined ? "deny" : rule.ask !== undefined ? "ask" : "allow";
  const match = rule[effect] ?? {};
  if (rule.ttl === undefined) return { id, effect, match, reason, at };
  const ttlMs = Number.parseInt(rule.ttl, 10) * (unitsMs[rule.ttl.slice(-1)] ?? 0);
  return { id, effect, match, reason, ttlMs, at };
}
