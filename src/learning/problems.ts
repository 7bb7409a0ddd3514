import type { z } from "zod";

type Issue = z.core.$ZodIssue;

/**
 * What is wrong with an input, one line for each problem: the path to it (`context.file`), then
 * what is the matter.
 */
export function problemsOf(error: z.ZodError): readonly string[] {
  return error.issues.flatMap((issue) => linesOf(issue));
}

function linesOf(issue: Issue): readonly string[] {
  const where = issue.path.length === 0 ? "" : `${issue.path.map(String).join(".")}: `;
  // What is wrong with a key stands inside of its issue; the outer message says nothing.
  if (issue.code === "invalid_key") {
    return issue.issues.map((inner) => `${where}the key: ${inner.message}`);
  }
  return [`${where}${issue.message}`];
}
