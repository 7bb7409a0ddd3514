import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { api, type Problem, type Result, type Run } from "../api.ts";
import { useNow } from "../data/clock.ts";
import { useLoaded } from "../data/use-loaded.ts";
import { type StreamState, useRunEvents } from "../data/use-run-events.ts";
import type { PageProps } from "../pages.ts";
import { Badge, RunBadge } from "../parts/badge.tsx";
import { Loading } from "../parts/loading.tsx";
import { ModelName } from "../parts/model-name.tsx";
import { ProblemBox } from "../parts/problem.tsx";
import { Skeleton } from "../parts/skeleton.tsx";
import { countText } from "../parts/texts.ts";
import { Duration, Moment, Money } from "../parts/units.tsx";
import { NoteLine, TurnCard } from "../run/turn-card.tsx";
import type { Trajectory } from "../run/trajectory.ts";
import { useSession } from "../session.ts";
import { Questions } from "./questions.tsx";
import { elapsed } from "./runs.tsx";

/** One run, as it happens. */
export function RunPage({ id }: PageProps) {
  const { may } = useSession();
  const { trajectory, state, problem } = useRunEvents(id);
  const isOver = trajectory.finished !== undefined;
  const loaded = useLoaded(
    (signal) => api.showRun({ id }, { signal }),
    `run ${id}`,
    isOver ? undefined : 2_000,
  );
  const { reload } = loaded;
  const { turnedAt } = trajectory;
  // How it stands is asked for as soon as the log says that this changed.
  useEffect(() => {
    if (turnedAt > 0) reload();
  }, [reload, turnedAt]);
  return (
    <Loading of={loaded} lines={10}>
      {(run) => (
        <>
          <Head run={run} trajectory={trajectory} stream={state} />
          {may("runs:write") && run.state !== "finished" ? (
            <Acts run={run} onDone={reload} />
          ) : null}
          {run.state === "parked" && may("approvals:read") ? (
            <Asked runId={run.id} onDecided={reload} />
          ) : null}
          <Ended trajectory={trajectory} />
          {problem === undefined ? null : <ProblemBox problem={problem} />}
          <section aria-labelledby="trajectory">
            <h2 id="trajectory">Trajectory</h2>
            {trajectory.items.length === 0 ? (
              state === "ended" ? (
                <p className="muted quiet-line">Its log has no turn.</p>
              ) : run.state === "queued" ? (
                <p className="muted quiet-line">It waits for a worker.</p>
              ) : (
                <Skeleton lines={4} />
              )
            ) : (
              <ol className="trajectory">
                {trajectory.items.map((item) =>
                  item.kind === "turn" ? (
                    <TurnCard key={item.key} turn={item} />
                  ) : (
                    <NoteLine key={item.key} note={item} />
                  ),
                )}
              </ol>
            )}
          </section>
        </>
      )}
    </Loading>
  );
}

function Head({
  run,
  trajectory,
  stream,
}: {
  readonly run: Run;
  readonly trajectory: Trajectory;
  readonly stream: StreamState;
}) {
  const now = useNow(1_000);
  const { started, used, finished } = trajectory;
  const money = finished?.totals ?? {
    costMicroUsd: used.costMicroUsd,
    unpricedCalls: used.unpriced,
  };
  const isLive = run.state !== "finished" && stream !== "ended";
  return (
    <header className="run-head">
      <div className="run-title">
        <h1>{run.task}</h1>
        <p className="run-state">
          <RunBadge {...run} />
          {isLive ? (
            <Badge tone={stream === "open" ? "good" : "warn"}>
              {stream === "open" ? "live" : "connecting"}
            </Badge>
          ) : null}
        </p>
      </div>
      <dl className="facts">
        <Fact title="Run">
          <code>{run.id}</code>
        </Fact>
        <Fact title="Agent">{run.agent}</Fact>
        <Fact title="Model">
          <ModelName model={run.model} />
        </Fact>
        <Fact title="Effort">
          {run.effort}
          {started === undefined ? null : <span className="muted"> by {started.effortSource}</span>}
        </Fact>
        <Fact title="Started">
          <Moment at={run.startedAt} now={now} />
        </Fact>
        <Fact title="Time">
          <Duration ms={elapsed(run, now)} />
        </Fact>
        <Fact title="Cost">
          <Money microUsd={money.costMicroUsd} unpricedCalls={money.unpricedCalls} />
        </Fact>
        <Fact title="Tokens">
          <span className="number">{countText(used.tokens)}</span>
        </Fact>
        {started === undefined ? null : (
          <Fact title="Policy">
            <code>{started.policy}</code>
          </Fact>
        )}
        {run.workspace === null ? null : <Fact title="Workspace">{run.workspace}</Fact>}
      </dl>
      {started !== undefined && started.task !== run.task ? (
        <details className="thought">
          <summary>The whole task</summary>
          <p className="said">{started.task}</p>
        </details>
      ) : null}
    </header>
  );
}

function Fact({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** What a person can do to a run that has not ended. */
function Acts({ run, onDone }: { readonly run: Run; readonly onDone: () => void }) {
  const [problem, setProblem] = useState<Problem>();
  const [said, setSaid] = useState("");
  const [text, setText] = useState("");
  const [isBusy, setBusy] = useState(false);
  const act = async (work: () => Promise<Result<unknown>>, done: string): Promise<boolean> => {
    setBusy(true);
    const answer = await work();
    setBusy(false);
    setProblem(answer.ok ? undefined : answer.problem);
    setSaid(answer.ok ? done : "");
    if (answer.ok) onDone();
    return answer.ok;
  };
  const steer = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (text.trim() === "") return;
    const body = { text: text.trim(), topic: "steering" as const };
    if (await act(() => api.sendMessage({ id: run.id, body }), "Said to the agent.")) setText("");
  };
  return (
    <div className="acts">
      <form className="steer" onSubmit={(event) => void steer(event)}>
        <label className="hidden" htmlFor="steer">
          Say something to the agent
        </label>
        <input
          id="steer"
          value={text}
          placeholder="Say something to the agent"
          onChange={(event) => setText(event.target.value)}
        />
        <button type="submit" className="button" disabled={isBusy}>
          Say
        </button>
      </form>
      <div className="act-buttons">
        <button
          type="button"
          className="button"
          disabled={isBusy}
          onClick={() => void act(() => api.resumeRun({ id: run.id }), "It goes on.")}
        >
          Resume
        </button>
        <button
          type="button"
          className="button danger"
          disabled={isBusy}
          onClick={() => void act(() => api.cancelRun({ id: run.id }), "It was asked to stop.")}
        >
          Cancel the run
        </button>
      </div>
      <p role="status" className="muted">
        {said}
      </p>
      {problem === undefined ? null : <ProblemBox problem={problem} />}
    </div>
  );
}

/** The questions of one run. */
function Asked({ runId, onDecided }: { readonly runId: string; readonly onDecided: () => void }) {
  const loaded = useLoaded(
    (signal) => api.listApprovals({ state: "pending" }, { signal }),
    `pending ${runId}`,
    3_000,
  );
  const decided = (): void => {
    loaded.reload();
    onDecided();
  };
  return (
    <Loading of={loaded} lines={2}>
      {({ items }) => (
        <Questions approvals={items.filter((one) => one.runId === runId)} onDecided={decided} />
      )}
    </Loading>
  );
}

/** How it ended, and what is not as it was. */
function Ended({ trajectory: { finished } }: { readonly trajectory: Trajectory }) {
  if (finished === undefined) return null;
  const { outcome, stop, summary, filesChanged, totals } = finished;
  const error = "error" in stop ? stop.error : undefined;
  return (
    <section aria-labelledby="end" className="end">
      <h2 id="end">
        Ended: {outcome}
        <span className="muted">
          {" "}
          · {stop.reason}
          {"limit" in stop ? ` (${stop.limit.replaceAll("_", " ")})` : ""} · {totals.turns} turns,{" "}
          {totals.toolCalls} calls
        </span>
      </h2>
      {summary === "" ? null : <p className="said">{summary}</p>}
      {error === undefined ? null : (
        <p className="bad-text">
          {error.message} <code>{error.code}</code> {error.hint ?? ""}
        </p>
      )}
      {filesChanged.length === 0 ? (
        <p className="muted">No file of the workspace was changed.</p>
      ) : (
        <ul className="files">
          {filesChanged.map(({ path, change, bytes }) => (
            <li key={path}>
              <Badge tone={change === "added" ? "good" : change === "deleted" ? "bad" : "busy"}>
                {change}
              </Badge>{" "}
              <code>{path}</code> <span className="muted">{countText(bytes)} bytes</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
