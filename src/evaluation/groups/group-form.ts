import { isAbsolute, normalize } from "node:path";
import { z } from "zod";

const text = z.string().min(1).max(4_096);

/** A program and its arguments; there is no shell. */
export const commandSchema = z.tuple([text], text);
export const groupName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, "must be a short name: a-z, 0-9, . _ -");
const below = text.refine(
  (path) => !isAbsolute(path) && !normalize(path).startsWith("..") && normalize(path) !== ".",
  "must be a file below the repository's folder",
);

/** A declared group of tests: a command, and the report that it writes. */
export const groupSchema = z.strictObject({
  /** A program and its arguments; there is no shell. */
  run: commandSchema,
  /** The CTRF or JUnit report that it writes, below the repository's folder. */
  report: below,
  timeoutMinutes: z.number().positive().max(720).default(30),
  /** Environment variables that it is given besides PATH, HOME and their like. */
  env: z.record(z.string(), z.string()).default({}),
});
export type GroupSettings = Readonly<z.output<typeof groupSchema>>;
