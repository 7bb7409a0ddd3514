import { z } from "zod";
import type { Result } from "../../base/result.ts";
import { compileAmount } from "./amount.ts";
import { compileCondition } from "./condition.ts";
import { type Fault, type Faults, firstFault } from "./errors.ts";
import type { ExpressionProblem } from "./expression.ts";
import type { Limit, LoadedPack, LoadedRule } from "./pack.ts";
import { limitSchema, matchSchema, packSchema, ruleSchema } from "./schema.ts";
import type { Path } from "./schema-problem.ts";
import { readYaml, type YamlForm, type YamlPlaces } from "./yaml-file.ts";

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
  if (read.ok) {
    const { pack, faults } = toPack(read.data, read.data.rules, read.places);
    const [first, ...more] = faults;
    return first === undefined
      ? { ok: true, pack }
      : { ok: false, faults: [first, ...more], rest: pack };
  }
  const { faults, data, places } = read;
  const rest = salvaged.safeParse(data);
  if (!rest.success) return { ok: false, faults };
  const rules = rest.data.rules.map((rule) => ruleSchema.safeParse(rule).data);
  const salvage = toPack(rest.data, rules, places);
  return { ok: false, faults: [...faults, ...salvage.faults], rest: salvage.pack };
}

const salvaged = z.object({ ...packSchema.shape, rules: z.array(z.unknown()) });

/** @param rules undefined for those that are left out */
function toPack(
  pack: Omit<z.output<typeof packSchema>, "rules">,
  rules: readonly (z.output<typeof ruleSchema> | undefined)[],
  places: YamlPlaces,
): { readonly pack: LoadedPack; readonly faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const loaded = rules.flatMap((rule, index) => {
    if (rule === undefined) return [];
    const reader = createExpressionReader(["rules", index], places);
    const made = toRule(rule, reader.read);
    faults.push(...reader.faults);
    return reader.faults.length > 0 ? [] : [{ ...made, at: places.at("rules", index) }];
  });
  const { at } = places;
  return {
    pack: {
      name: pack.pack,
      version: pack.version,
      description: pack.description.trim(),
      extends: pack.extends.map((name, index) => ({ name, at: at("extends", index) })),
      default: pack.default,
      defaultAt: at("default"),
      mode: pack.mode,
      rules: loaded,
    },
    faults,
  };
}

/**
 * Reads one pack.
 * @throws Agent33Error `policy.malformed_pack` with file, line and column, and where a name is
 * misspelt with the nearest valid one; `policy.malformed_condition` for a condition that cannot be
 * read, asks about what there is not, or compares what cannot be compared.
 */
export function parsePack(text: string, file: string): LoadedPack {
  const read = readPack(text, file);
  if (read.ok) return read.pack;
  throw firstFault("malformed_pack", read.faults);
}

/** The names that are valid at a place in a pack: its own keys, those of a rule, of a match. */
function packKeysAt(path: Path): readonly string[] {
  if (path.length === 0) return Object.keys(packSchema.shape);
  if (path.at(-1) === "limit") return Object.keys(limitSchema.shape);
  return Object.keys(path.length === 2 ? ruleSchema.shape : matchSchema.shape);
}

/** Reads an expression of a rule; undefined after noting why it cannot be read. */
type ReadExpression = <T>(
  path: Path,
  text: string,
  compile: (text: string) => Result<T, ExpressionProblem>,
) => T | undefined;

function createExpressionReader(rule: Path, places: YamlPlaces) {
  const faults: Fault[] = [];
  const read: ReadExpression = (path, text, compile) => {
    const compiled = compile(text);
    if (compiled.ok) return compiled.value;
    const { message, hint, offset } = compiled.error;
    const full = [...rule, ...path];
    const said = `${full.map(String).join(".")}: ${message}.`;
    const at = places.within(full, offset);
    faults.push({ code: "malformed_condition", at, message: said, hint });
    return undefined;
  };
  return { read, faults };
}

function toRule(rule: z.infer<typeof ruleSchema>, read: ReadExpression): LoadedRule {
  const { id, reason, limit, before, answers, mode, ttl } = rule;
  // The schema has seen to it that exactly one of the three is there.
  const effect = rule.deny !== undefined ? "deny" : rule.ask !== undefined ? "ask" : "allow";
  const when = rule.when === undefined ? undefined : read(["when"], rule.when, compileCondition);
  return {
    id,
    effect,
    match: rule[effect] ?? {},
    ...(when === undefined ? {} : { when }),
    ...(limit === undefined ? {} : { limit: toLimit(limit, read) }),
    ...(before === undefined ? {} : { before }),
    ...(answers === undefined ? {} : { answers }),
    ...(mode === undefined ? {} : { mode }),
    reason,
    ...(ttl === undefined ? {} : { ttlMs: milliseconds(ttl) }),
  };
}

function toLimit(limit: z.infer<typeof limitSchema>, read: ReadExpression): Limit {
  const { max, per, window = "none" } = limit;
  const sum =
    limit.sum === undefined ? undefined : read(["limit", "sum"], limit.sum, compileAmount);
  return {
    max,
    per,
    ...(window === "none" ? {} : { windowMs: milliseconds(window) }),
    ...(sum === undefined ? {} : { sum }),
  };
}

function milliseconds(time: string): number {
  return Number.parseInt(time, 10) * (unitsMs[time.slice(-1)] ?? 0);
}
