import { LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { messageOf } from "../../base/errors.ts";
import { policyError, type Position } from "./errors.ts";
import { firstProblem, nodeAt, offsetOf } from "./pack-problem.ts";
import { type LoadedPack, type LoadedRule, packSchema, type ruleSchema } from "./schema.ts";

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
 * misspelt with the nearest valid one.
 */
export function parsePack(text: string, file: string): LoadedPack {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, stringKeys: true, prettyErrors: false });
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
  const at = (...path: readonly PropertyKey[]) => positionAt(offsetOf(nodeAt(root, path)));
  return {
    name: pack.pack,
    version: pack.version,
    description: pack.description.trim(),
    extends: pack.extends.map((name, index) => ({ name, at: at("extends", index) })),
    default: pack.default,
    defaultAt: at("default"),
    rules: pack.rules.map((rule, index) => toRule(rule, at("rules", index))),
  };
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
