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
  timeoutSeconds: z
    .int()
    .positive()
    .exactOptional()
    .describe(
      "longest that one of the checks may take; without it, what is left of the run's time",
    ),
  judge: z
    .strictObject({
      criteria: words.describe("what must be true of the work, in the words of its author"),
    })
    .exactOptional()
    .describe("asks the model whether the work meets its criteria, once the checks have passed"),
});

/** A check in the workspace as a run keeps it: a program with its arguments. */
export const workspaceCheckSchema = z.strictObject({
  command: z.array(z.string()).min(1),
  /** Set for a scorer: the least score that passes. */
  atLeast: z.number().exactOptional(),
  /** Longest that it may take; without it, what is left of the run's time. */
  timeoutSeconds: z.int().positive().exactOptional(),
});
export type WorkspaceCheck = z.infer<typeof workspaceCheckSchema>;

/** The judge as a run keeps it. */
export const judgeSchema = z.strictObject({
  criteria: z.string(),
  /** Asked for with the run, and so never left out. Else it is where there is nothing to judge. */
  always: z.boolean(),
});
export type JudgeSpec = z.infer<typeof judgeSchema>;

/** The checks of a definition as a run keeps them. */
export function workspaceChecksOf(
  completion: z.infer<typeof completionSchema> | undefined,
): readonly WorkspaceCheck[] {
  if (completion === undefined) return [];
  const { checks, timeoutSeconds } = completion;
  const bound = timeoutSeconds === undefined ? {} : { timeoutSeconds };
  return checks.flatMap(({ command, scorer }): readonly WorkspaceCheck[] => [
    ...(command === undefined ? [] : [{ command: wordsOf(command), ...bound }]),
    ...(scorer === undefined
      ? []
      : [{ command: wordsOf(scorer.command), atLeast: scorer.atLeast, ...bound }]),
  ]);
}

/** What a definition says of its checks, with every word of their commands changed. */
export function withCommandWords(
  completion: z.infer<typeof completionSchema>,
  change: (word: string) => string,
): z.infer<typeof completionSchema> {
  const changed = (words: string | readonly string[]) =>
    typeof words === "string" ? change(words) : words.map(change);
  const checks = completion.checks.map(({ command: line, scorer }) => ({
    ...(line === undefined ? {} : { command: changed(line) }),
    ...(scorer === undefined ? {} : { scorer: { ...scorer, command: changed(scorer.command) } }),
  }));
  return { ...completion, checks };
}

/** A command line as the program that reads it, with its arguments. */
export function wordsOf(command: string | readonly string[]): string[] {
  return typeof command === "string" ? ["sh", "-c", command] : [...command];
}
