import { useCallback, useEffect, useMemo, useState } from "react";
import { api, isSignedOut, type Problem, type Session } from "./api.ts";
import { ProblemBox } from "./parts/problem.tsx";
import { SignIn } from "./pages/sign-in.tsx";
import { SessionContext } from "./session.ts";
import { Shell } from "./shell/shell.tsx";

type State =
  | { readonly is: "asking" }
  | { readonly is: "out"; readonly wasIn: boolean }
  | { readonly is: "in"; readonly session: Session }
  | { readonly is: "broken"; readonly problem: Problem };

/** The whole page: the sign-in, or the pages. */
export function App() {
  const [state, setState] = useState<State>({ is: "asking" });
  const ask = useCallback(async () => {
    const answer = await api.session.whoAmI();
    if (!answer.ok) setState({ is: "broken", problem: answer.problem });
    else if (answer.value === undefined) setState({ is: "out", wasIn: false });
    else setState({ is: "in", session: answer.value });
  }, []);
  useEffect(() => void ask(), [ask]);
  const told = useCallback((problem: Problem) => {
    if (isSignedOut(problem)) setState({ is: "out", wasIn: true });
  }, []);
  const signOut = useCallback(async () => {
    const answer = await api.session.signOut();
    if (answer.ok) setState({ is: "out", wasIn: false });
    else setState({ is: "broken", problem: answer.problem });
  }, []);
  const session = state.is === "in" ? state.session : undefined;
  const signedIn = useMemo(
    () => (session === undefined ? undefined : { session, told }),
    [session, told],
  );
  switch (state.is) {
    case "asking":
      return <main className="alone" aria-busy="true" />;
    case "out":
      return (
        <SignIn
          wasIn={state.wasIn}
          onSignedIn={(found) => setState({ is: "in", session: found })}
        />
      );
    case "broken":
      return (
        <main className="alone">
          <ProblemBox problem={state.problem} onRetry={() => void ask()} />
        </main>
      );
    case "in":
      return (
        <SessionContext.Provider value={signedIn}>
          <Shell onSignOut={() => void signOut()} />
        </SessionContext.Provider>
      );
    default:
      return state satisfies never;
  }
}
