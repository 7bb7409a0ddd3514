import { createContext, useContext } from "react";
import { may, type Problem, type Session } from "./api.ts";

/** Who is signed in, for every page. */
export interface SignedIn {
  readonly session: Session;
  /** Told of every problem: one that means that nobody is signed in any more shows the sign-in. */
  readonly told: (problem: Problem) => void;
}

export const SessionContext = createContext<SignedIn | undefined>(undefined);

/** Who is signed in. Only below the sign-in. */
export function useSession(): SignedIn & { readonly may: (scope: string) => boolean } {
  const signedIn = useContext(SessionContext);
  if (signedIn === undefined) throw new Error("Nobody is signed in here.");
  return { ...signedIn, may: (scope) => may(signedIn.session, scope) };
}
