import { LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { messageOf } from "../../base/errors.ts";
import type { Fault, Faults, Position } from "./errors.ts";
import { type FormHelp, nodeAt, offsetOf, schemaProblems } from "./schema-problem.ts";

/** The form of a kind of file. */
export interface YamlForm<T> extends FormHelp {
  readonly schema: z.ZodType<T>;
}

/** A file's content and where each part of it stands, or all that is wrong with it. */
export type YamlReading<T> =
  | {
      readonly ok: true;
      readonly data: T;
      readonly at: (...path: readonly PropertyKey[]) => Position;
    }
  | {
      readonly ok: false;
      readonly faults: Faults;
      /** What the text says, where it says anything, and where each part of it stands. */
      readonly data?: unknown;
      readonly at: (...path: readonly PropertyKey[]) => Position;
    };

/**
 * Reads a YAML (or JSON) text against its form. What is wrong is data, the most telling first.
 * @param file how the file is called in messages
 */
export function readYaml<T>(text: string, file: string, form: YamlForm<T>): YamlReading<T> {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, stringKeys: true, prettyErrors: false });
  const root = document.contents;
  const positionAt = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(offset);
    return { file, line, column: col };
  };

  const at = (...path: readonly PropertyKey[]) => positionAt(offsetOf(nodeAt(root, path)));
  const [broken, ...alsoBroken] = [...document.errors, ...document.warnings].map(
    (error): Fault => ({
      at: positionAt(error.pos[0]),
      message: error.message,
      hint: "Mend the YAML here. A value that starts with * or [ or { must stand in quotes.",
      cause: error,
    }),
  );
  if (broken !== undefined) return { ok: false, faults: [broken, ...alsoBroken], at };
  let data: unknown;
  try {
    data = document.toJS();
  } catch (cause) {
    const hint = "Write it without aliases.";
    const fault = { at: positionAt(0), message: messageOf(cause), hint, cause };
    return { ok: false, faults: [fault], at };
  }
  const parsed = form.schema.safeParse(data);
  if (parsed.success) return { ok: true, data: parsed.data, at };
  const [first, ...more] = schemaProblems(parsed.error.issues, root, form).map(
    ({ node, message, hint }): Fault => ({
      at: positionAt(offsetOf(node)),
      message,
      hint,
      cause: parsed.error,
    }),
  );
  if (first === undefined) throw parsed.error;
  return { ok: false, faults: [first, ...more], data, at };
}
