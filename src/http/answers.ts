import { z } from "zod";
import type { Route } from "./route.ts";

/** What of an answer is not as its route says; undefined where all is. */
export function answerProblems(
  { answer }: Pick<Route, "answer">,
  body: unknown,
): string | undefined {
  if (!("schema" in answer)) return undefined;
  const { error } = answer.schema.safeParse(body);
  return error === undefined ? undefined : z.prettifyError(error);
}
