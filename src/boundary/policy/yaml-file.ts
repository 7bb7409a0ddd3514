import { LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { messageOf } from "../../base/errors.ts";
import type { Fault, Faults, Position } from "./errors.ts";
import {
  type FormHelp,
  nodeAt,
  offsetOf,
  offsetWithin,
  type Path,
  schemaProblems,
} from "./schema-problem.ts";

/** The form of a kind of file. */
export interface YamlForm<T> extends FormHelp {
  readonly schema: z.ZodType<T>;
}

/** Where parts of a file stand. */
export interface YamlPlaces {
  /** Where a part begins, or the nearest one above it that there is. */
  at(...path: Path): Position;
  /** Where a letter of a part's text stands. */
  within(path: Path, index: number): Position;
}

/** A file's content and where each part of it stands, or all that is wrong with it. */
export type YamlReading<T> =
  | { readonly ok: true; readonly data: T; readonly places: YamlPlaces }
  | {
      readonly ok: false;
      readonly faults: Faults;
      /** What the text says, where it says anything, and where each part of it stands. */
      readonly data?: unknown;
      readonly places: YamlPlaces;
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

  const places: YamlPlaces = {
    at: (...path) => positionAt(offsetOf(nodeAt(root, path))),
    within: (path, index) => positionAt(offsetWithin(nodeAt(root, path), text, index)),
  };
  const [broken, ...alsoBroken] = [...document.errors, ...document.warnings].map(
    (error): Fault => ({
      at: positionAt(error.pos[0]),
      message: error.message,
      hint: "Mend the YAML here. A value that starts with * or [ or { must stand in quotes.",
      cause: error,
    }),
  );
  if (broken !== undefined) return { ok: false, faults: [broken, ...alsoBroken], places };
  let data: unknown;
  try {
    data = document.toJS();
  } catch (cause) {
    const hint = "Write it without aliases.";
    const fault = { at: positionAt(0), message: messageOf(cause), hint, cause };
    return { ok: false, faults: [fault], places };
  }
  const parsed = form.schema.safeParse(data);
  if (parsed.success) return { ok: true, data: parsed.data, places };
  const [first, ...more] = schemaProblems(parsed.error.issues, root, form).map(
    ({ node, message, hint }): Fault => ({
      at: positionAt(offsetOf(node)),
      message,
      hint,
      cause: parsed.error,
    }),
  );
  if (first === undefined) throw parsed.error;
  return { ok: false, faults: [first, ...more], data, places };
}
