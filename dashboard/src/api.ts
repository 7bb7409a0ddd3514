import { createClient, type Problem, type Session } from "../../client/index.ts";

export type * from "../../client/index.ts";

/** The server that this page came from. The session's cookie says who asks. */
export const api = createClient();

/** Whether a problem means that nobody is signed in any more. */
export function isSignedOut({ code }: Problem): boolean {
  return code === "api.unauthenticated";
}

/** Whether whoever is signed in may do what needs a right. */
export function may({ scopes }: Pick<Session, "scopes">, scope: string): boolean {
  return scopes.includes("admin") || scopes.includes(scope);
}
