import { useEffect, useRef, useState } from "react";
import { api, type Problem, type RunEvent } from "../api.ts";
import { noTrajectory, type Trajectory, withEvents } from "../run/trajectory.ts";
import { useSession } from "../session.ts";
import { useVisible } from "./visible.ts";

/** Whether events come. */
export type StreamState = "waiting" | "open" | "ended";

/** Milliseconds for which events are gathered before they are shown together. */
const gatherMs = 50;

/**
 * A run's log, followed while the page is seen. Browsers open only few connections to one server:
 * what nobody sees holds none, and goes on at its place later.
 */
export function useRunEvents(id: string): {
  readonly trajectory: Trajectory;
  readonly state: StreamState;
  readonly problem: Problem | undefined;
} {
  const { told } = useSession();
  const isVisible = useVisible();
  const [shown, setShown] = useState({ id, trajectory: noTrajectory });
  const [state, setState] = useState<StreamState>("waiting");
  const [problem, setProblem] = useState<Problem>();
  const place = useRef({ id, seq: 0 });
  useEffect(() => {
    if (!isVisible) return;
    const given = new AbortController();
    if (place.current.id !== id) place.current = { id, seq: 0 };
    let gathered: RunEvent[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = (): void => {
      timer = undefined;
      const events = gathered;
      gathered = [];
      setShown((before) => ({
        id,
        trajectory: withEvents(before.id === id ? before.trajectory : noTrajectory, events),
      }));
    };
    const follow = async (): Promise<void> => {
      const after = place.current.seq;
      const options = { signal: given.signal, onState: setState };
      for await (const item of api.followRun({ id, after }, options)) {
        if (!item.ok) {
          told(item.problem);
          setProblem(item.problem);
          break;
        }
        place.current = { id, seq: item.value.seq };
        gathered.push(item.value);
        timer ??= setTimeout(show, gatherMs);
      }
      if (!given.signal.aborted) setState("ended");
    };
    setProblem(undefined);
    void follow();
    return () => {
      given.abort();
      clearTimeout(timer);
      // What came and was not shown yet is asked for again.
      place.current = { id, seq: (gathered[0]?.seq ?? place.current.seq + 1) - 1 };
    };
  }, [id, isVisible, told]);
  return {
    trajectory: shown.id === id ? shown.trajectory : noTrajectory,
    state,
    problem,
  };
}
