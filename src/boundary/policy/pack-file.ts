import { LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { messageOf } from "../../base/errors.ts";
import { policyError, type Position } from "./errors.ts";
import type { Result } from "../../base/result.ts";
import { compileAmount } from "./amount.ts";
import { compileCondition } from "./condition.ts";
import type { ExpressionProblem } from "./expression.ts";
import type { Limit, LoadedPack, LoadedRule } from "./pack.ts";
import { firstProblem, nodeAt, offsetOf, offsetWithin } from "./pack-problem.ts";
import { type limitSchema, packSchema, type ruleSchema } from "./schema.ts";

const unitsMs: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * Reads one pack.
 * @param file how the file is called in messages
 * @throws Agent33Error `policy.malformed_pack` with file, line and column, and where a name is
 * misspelt with the nearest valid one; `policy.malformed_condition` for a condition that cannot be
 * read, asks about what there is not, or compares what cannot be compared.
 */
export function parsePack(source: string, file: string): LoadedPack {
  const lineCounter = new LineCounter();
  const document = parseDocument(source, { lineCounter, stringKeys: true, prettyErrors: false });
  const root = document.contents;

  const positionAt = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(offset);
    return { file, line, column: col };
  };
  const malformed = (offset: number, message: string, hint: string, cause?: unknown) =>
    policyError("malformed_pack", positionAt(offset), message, hint, cause);

  const broken = document.errors[0] ?? document.warnings[0];
  if (broken !== undefined) {
    const hint = "Mend the YAML here. A value that starts with * or [ or { must stand in quotes.";
    throw malformed(broken.pos[0], broken.message, hint, broken);
  }
  let data: unknown;
  try {
    data = document.toJS();
  } catch (cause) {
    throw malformed(0, messageOf(cause), "Write the pack without aliases.", cause);
  }
  const parsed = packSchema.safeParse(data);
  if (!parsed.success) {
    const { node, message, hint } = firstProblem(parsed.error.issues, root);
    throw malformed(offsetOf(node), message, hint, parsed.error);
  }

  const pack = parsed.data;
  const readAt: ReadAt = (path, text, compile) => {
    const compiled = compile(text);
    if (compiled.ok) return compiled.value;
    const { message, hint, offset } = compiled.error;
    const place = positionAt(offsetWithin(nodeAt(root, path), source, offset));
    const where = path.map(String).join(".");
    throw policyError("malformed_condition", place, `${where}: ${message}.`, hint);
  };
  const at = (...path: readonly PropertyKey[]) => positionAt(offsetOf(nodeAt(root, path)));
  return {
    name: pack.pack,
    version: pack.version,
    description: pack.description.trim(),
    extends: pack.extends.map((name, index) => ({ name, at: at("extends", index) })),
    default: pack.default,
    defaultAt: at("default"),
    mode: pack.mode,
    rules: pack.rules.map((rule, index) =>
      toRule(rule, ["rules", index], at("rules", index), readAt),
    ),
  };
}

/** Reads an expression, and says where in the file it is wrong. */
type ReadAt = <T>(
  path: readonly PropertyKey[],
  text: string,
  compile: (text: string) => Result<T, ExpressionProblem>,
) => T;

function toRule(
  rule: z.infer<typeof ruleSchema>,
  path: readonly PropertyKey[],
  at: Position,
  readAt: ReadAt,
): LoadedRule {
  const { id, reason, when, limit, before, mode, ttl } = rule;
  // The schema has seen to it that exactly one of the three is there.
  const effect = rule.deny !== undefined ? "deny" : rule.ask !== undefined ? "ask" : "allow";
  return {
    id,
    effect,
    match: rule[effect] ?? {},
    ...(when === undefined ? {} : { when: readAt([...path, "when"], when, compileCondition) }),
    ...(limit === undefined ? {} : { limit: toLimit(limit, [...path, "limit"], readAt) }),
    ...(before === undefined ? {} : { before }),
    ...(mode === undefined ? {} : { mode }),
    reason,
    ...(ttl === undefined ? {} : { ttlMs: milliseconds(ttl) }),
    at,
  };
}

function toLimit(
  { max, per, window = "none", sum }: z.infer<typeof limitSchema>,
  path: readonly PropertyKey[],
  readAt: ReadAt,
): Limit {
  return {
    max,
    per,
    ...(window === "none" ? {} : { windowMs: milliseconds(window) }),
    ...(sum === undefined ? {} : { sum: readAt([...path, "sum"], sum, compileAmount) }),
  };
}

function milliseconds(time: string): number {
  return Number.parseInt(time, 10) * (unitsMs[time.slice(-1)] ?? 0);
}
