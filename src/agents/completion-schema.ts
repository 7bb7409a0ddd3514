import { z } from "zod";

const words = z.string().trim().min(1);

const command = z
  .union([words, z.array(words).min(1)], {
    error: "a command is a line for the shell, or a list of a program and its arguments",
  })
  .describe("a line for the shell, or a list of a program and its arguments");

const check = z
  .strictObject({
    command: command.exactOptional(),
    scorer: z
      .strictObject({
        command,
        atLeast: z.number().describe("least score that passes"),
      })
      .exactOptional()
      .describe("a command whose last line on standard output is a number"),
  })
  .refine(
    (one) => (one.command === undefined) !== (one.scorer === undefined),
    "give command or scorer, one of the two",
  );

/** How the work of an agent is checked before it counts as done. */
export const completionSchema = z.strictObject({
  checks: z
    .array(check)
    .default([])
    .describe("run in the workspace, in this order; exit code 0 passes a command"),
  judge: z
    .strictObject({
      criteria: words.describe("what must be true of the work, in the words of its author"),
    })
    .exactOptional()
    .describe("asks the model whether the work meets its criteria, once the checks have passed"),
});
