import { isAbsolute, normalize } from "node:path";
import { z } from "zod";
import { isJsonPointer } from "../../base/json-pointer.ts";
import { commandSchema, groupName } from "../groups/group-form.ts";

const text = z.string().trim().min(1).max(4_096);
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** What stands for the probe's scratch folder in its command. */
export const folderWord = "{folder}";

/** Texts without anything in common: an expression that fits all of them fits whatever is printed. */
const oddTexts = ["", "\u0001", "qZ 7", "~\n~"];

const lookSchema = z
  .strictObject({
    /** JSON Pointer (RFC 6901) into what the probe printed. What is not there is never as expected. */
    at: z.string().refine(isJsonPointer, "is no JSON Pointer: /outcome, /runs/0/id"),
    equals: z.union([scalar, z.array(scalar)]).exactOptional(),
    at_least: z.number().exactOptional(),
    at_most: z.number().exactOptional(),
    /** An expression (JavaScript's) that the text there must fit. */
    matches: z.string().min(1).exactOptional(),
  })
  .superRefine(({ at: _at, ...rest }, context) => {
    const refuse = (message: string): void => context.addIssue({ code: "custom", message });
    if (Object.keys(rest).length !== 1) {
      refuse("takes one of equals, at_least, at_most and matches");
    }
    if (rest.matches === undefined) return;
    const expression = expressionOf(rest.matches);
    if (expression === undefined) refuse("matches is no expression that can be read");
    else if (oddTexts.every((odd) => expression.test(odd))) {
      refuse("matches fits every text, so that it cannot fail");
    }
  });
/** One thing that must be seen in what a probe printed. */
export type Look = z.infer<typeof lookSchema>;

/** The expression of a look; undefined where it is none. */
export function expressionOf(source: string): RegExp | undefined {
  try {
    return new RegExp(source, "u");
  } catch {
    // Whoever asks says where it stands.
    return undefined;
  }
}

const below = text.refine(
  (path) => !isAbsolute(path) && !normalize(path).startsWith("..") && normalize(path) !== ".",
  "must be a file below the probe's folder",
);

const expectSchema = z
  .strictObject({
    exit: z.int().min(0).max(255).default(0),
    /** Of the JSON that it prints on standard output: all of it, or its last line. */
    output: z.array(lookSchema).min(1).exactOptional(),
    /** A CTRF or JUnit report that it leaves in its folder, with tests all of which passed. */
    report: below.exactOptional(),
  })
  .refine(({ output, report }) => output !== undefined || report !== undefined, {
    error:
      "has nothing that could fail but an exit code: say what must be seen in output or report",
  });

const probeSchema = z.strictObject({
  id: groupName,
  /** What is promised, in one sentence. */
  promise: text.max(300),
  /** Who looks after it, as a person would write it. */
  owner: text,
  /** What it hangs on, from the file's folder; `*` for any characters. */
  paths: z.array(text).min(1),
  /**
   * A program and its arguments; there is no shell. It is started where the file is; `{folder}`
   * stands for a folder of its own, which is empty and goes when it has ended.
   */
  run: commandSchema,
  timeout_seconds: z.number().positive().max(600).default(60),
  expect: expectSchema,
  /** Words after its command with which it spoils what it looks at: it must fail then. */
  sabotage: z.array(text).min(1).exactOptional(),
});
/** One promise, and the command that shows whether it holds. */
export type Probe = z.infer<typeof probeSchema>;

/** `agent33.surface.yaml`. */
export const surfaceSchema = z.strictObject({
  version: z.literal(1),
  probes: z.array(probeSchema).min(1),
});
export type Surface = z.infer<typeof surfaceSchema>;
