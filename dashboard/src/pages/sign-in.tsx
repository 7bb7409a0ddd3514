import { type FormEvent, useEffect, useRef, useState } from "react";
import { api, type Problem, type Session } from "../api.ts";
import { Command } from "../parts/empty.tsx";
import { ProblemBox } from "../parts/problem.tsx";

/** Takes an API key once, for a session. */
export function SignIn({
  wasIn,
  onSignedIn,
}: {
  /** Whether somebody was signed in on this page until now. */
  readonly wasIn: boolean;
  readonly onSignedIn: (session: Session) => void;
}) {
  const [key, setKey] = useState("");
  const [problem, setProblem] = useState<Problem>();
  const [isBusy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    document.title = "Sign in · AGENT-33";
    field.current?.focus();
  }, []);
  const send = async (): Promise<void> => {
    setBusy(true);
    const answer = await api.session.signIn(key.trim());
    setBusy(false);
    if (answer.ok) return onSignedIn(answer.value);
    setProblem(answer.problem);
    field.current?.select();
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (key.trim() !== "") void send();
  };
  return (
    <main className="alone">
      <form className="sign-in" onSubmit={submit}>
        <h1>AGENT-33</h1>
        {wasIn ? <p role="status">The session is over. Sign in again.</p> : null}
        <label htmlFor="key">API key</label>
        <input
          ref={field}
          id="key"
          type="password"
          autoComplete="current-password"
          spellCheck={false}
          placeholder="a33_…"
          value={key}
          onChange={(event) => setKey(event.target.value)}
        />
        <button type="submit" className="button main-button" disabled={isBusy}>
          Sign in
        </button>
        {problem === undefined ? null : <ProblemBox problem={problem} />}
        <p className="muted small">
          The key is sent once and not kept by the page. <Command>agent33 serve</Command> prints one
          at its first start; another is made by{" "}
          <Command>agent33 keys create NAME --scope admin</Command>.
        </p>
      </form>
    </main>
  );
}
