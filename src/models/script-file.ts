import { readFileSync } from "node:fs";
import { LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { attempt } from "../base/result.ts";
import { Agent33Error, messageOf } from "../base/errors.ts";

const toolCallSchema = z
  .strictObject({
    name: z.string().min(1),
    arguments: z.record(z.string(), z.json()).optional(),
    /** The arguments as raw text, for turns in which the model writes broken JSON. */
    arguments_text: z.string().optional(),
  })
  .refine((call) => call.arguments === undefined || call.arguments_text === undefined, {
    error: "give arguments or arguments_text, not both",
  });

const turnSchema = z
  .strictObject({
    reasoning: z.string().optional(),
    text: z.string().optional(),
    tool_calls: z.array(toolCallSchema).min(1).optional(),
    usage: z
      .strictObject({
        input_tokens: z.int().nonnegative(),
        cached_input_tokens: z.int().nonnegative().default(0),
        output_tokens: z.int().nonnegative(),
        reasoning_tokens: z.int().nonnegative().default(0),
      })
      .refine(
        (usage) =>
          usage.cached_input_tokens <= usage.input_tokens &&
          usage.reasoning_tokens <= usage.output_tokens,
        { error: "a part is larger than its whole" },
      )
      .optional(),
  })
  .refine((turn) => (turn.text ?? turn.reasoning ?? turn.tool_calls) !== undefined, {
    error: "a turn needs text, reasoning or tool_calls",
  });

const caseSchema = z.strictObject({
  when: z
    .strictObject({
      /** The name of a skill that the agent is offered. */
      skill: z.string().min(1).optional(),
      /** Which repetitions of a trial these are, from 1; a run outside of trials is none. */
      repetitions: z.array(z.int().min(1)).min(1).optional(),
    })
    .refine(({ skill, repetitions }) => skill !== undefined || repetitions !== undefined, {
      error: "a case needs skill, repetitions or both",
    }),
  turns: z.array(turnSchema).min(1),
});

const scriptSchema = z.strictObject({
  /** Shown as the model's name. */
  name: z.string().min(1),
  turns: z.array(turnSchema).min(1),
  /** What it says in place of `turns`: the first case of which everything holds. */
  cases: z.array(caseSchema).optional(),
  /** What it answers when it is asked to judge the work, one after the other. */
  judge: z.array(turnSchema).optional(),
  /** What it answers when it is asked for a summary of earlier turns, one after the other. */
  summaries: z.array(turnSchema).optional(),
  /** What it answers when it is asked which skills fit the task, one after the other. */
  matching: z.array(turnSchema).optional(),
  /** What other agents of the run say, by the agent's name or by its path, which counts first. */
  agents: z.record(z.string(), z.array(turnSchema).min(1)).optional(),
  /** What it answers when it is asked to judge their work, by the same names. */
  judges: z.record(z.string(), z.array(turnSchema)).optional(),
});

/** A conversation's model side, written beforehand. */
export type Script = z.infer<typeof scriptSchema>;
export type ScriptTurn = z.infer<typeof turnSchema>;

/**
 * Reads a script.
 * @throws Agent33Error `models.unreadable_script`, `models.malformed_script`
 */
export function readScript(path: string): Script {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new Agent33Error(
      "models.unreadable_script",
      `The script ${path} cannot be read: ${messageOf(cause)}`,
      { hint: "Check the path after `scripted:`; it is relative to the current folder.", cause },
    );
  }
  return parseScript(text, path);
}

/**
 * A script from its YAML text.
 * @param file named in the error, with the line and the field that is wrong
 * @throws Agent33Error `models.malformed_script`
 */
export function parseScript(text: string, file: string): Script {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [syntaxError] = document.errors;
  if (syntaxError !== undefined) {
    const { line } = lines.linePos(syntaxError.pos[0]);
    throw malformed(file, line, "", syntaxError.message.split("\n", 1)[0] ?? "not YAML");
  }
  const read = attempt((): unknown => document.toJS());
  // Too many aliases, or one that stands for nothing.
  if (!read.ok) throw malformed(file, 1, "", messageOf(read.error));
  const parsed = scriptSchema.safeParse(read.value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = (issue?.path ?? []).filter((key) => typeof key !== "symbol");
  // The nearest thing above that stands in the file: a missing field has no line of its own.
  let line = 1;
  for (let depth = path.length; depth >= 0; depth -= 1) {
    const node = document.getIn(path.slice(0, depth), true);
    const start = rangeStart(node);
    if (start === undefined) continue;
    line = lines.linePos(start).line;
    break;
  }
  throw malformed(file, line, z.core.toDotPath(path), issue?.message ?? "malformed");
}

function rangeStart(node: unknown): number | undefined {
  if (typeof node !== "object" || node === null || !("range" in node)) return undefined;
  const start: unknown = Array.isArray(node.range) ? node.range[0] : undefined;
  return typeof start === "number" ? start : undefined;
}

function malformed(file: string, line: number, field: string, message: string): Agent33Error {
  const place = field === "" ? `${file}:${line}` : `${file}:${line}: ${field}`;
  return new Agent33Error("models.malformed_script", `${place}: ${message}`, {
    hint: "A script has a name and turns; each turn has text, reasoning, tool_calls or usage.",
    details: { file, line, field },
  });
}
