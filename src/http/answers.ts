import { z } from "zod";
import type { Route } from "./route.ts";

/**
 * What of an answer is not as its route says; undefined where all is.
 * @param contentType in which of several forms it is, where there are several
 */
export function answerProblems(
  { answer }: Pick<Route, "answer">,
  body: unknown,
  contentType = "",
): string | undefined {
  if (!("schema" in answer || "forms" in answer)) return undefined;
  const schema = "schema" in answer ? answer.schema : answer.forms[typeOf(contentType)];
  if (schema === undefined) return `${contentType} is no form of this answer`;
  const { error } = schema.safeParse(body);
  return error === undefined ? undefined : z.prettifyError(error);
}

/** A content type without its parameters. */
function typeOf(contentType: string): string {
  return contentType.split(";")[0] ?? contentType;
}
