import { useCallback, useEffect, useRef, useState } from "react";
import type { Problem, Result } from "../api.ts";
import { useSession } from "../session.ts";
import { useVisible } from "./visible.ts";

/** What was asked for, as it came last. */
export interface Loaded<T> {
  /** Undefined until it first came. It stays while it is asked for again, and when that fails. */
  readonly value: T | undefined;
  /** What went wrong last; undefined where nothing did. */
  readonly problem: Problem | undefined;
  /** Asks again, now. */
  readonly reload: () => void;
}

/**
 * Asks for something, again whenever `about` changes, and every so often while the page is seen.
 * @param about says what is asked for; what another one had is not shown
 * @param everyMs milliseconds between an answer and the next question; undefined asks once
 */
export function useLoaded<T>(
  load: (signal: AbortSignal) => Promise<Result<T>>,
  about: string,
  everyMs?: number,
): Loaded<T> {
  const { told } = useSession();
  const isVisible = useVisible();
  const [state, setState] = useState<{ about: string; value?: T; problem?: Problem }>({ about });
  const [round, setRound] = useState(0);
  const newest = useRef(load);
  useEffect(() => {
    newest.current = load;
  });
  useEffect(() => {
    if (!isVisible) return;
    const given = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (): Promise<void> => {
      const answer = await newest.current(given.signal);
      if (given.signal.aborted) return;
      if (answer.ok) setState({ about, value: answer.value });
      else {
        told(answer.problem);
        const { problem } = answer;
        setState((before) => ({ ...(before.about === about ? before : { about }), problem }));
      }
      if (everyMs !== undefined) timer = setTimeout(() => void ask(), everyMs);
    };
    void ask();
    return () => {
      given.abort();
      clearTimeout(timer);
    };
  }, [about, everyMs, isVisible, round, told]);
  const reload = useCallback(() => setRound((before) => before + 1), []);
  const here = state.about === about ? state : undefined;
  return { value: here?.value, problem: here?.problem, reload };
}
