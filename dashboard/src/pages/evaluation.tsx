import { useState } from "react";
import { api, type EvaluationJob, type Problem } from "../api.ts";
import { useNow } from "../data/clock.ts";
import { useLoaded } from "../data/use-loaded.ts";
import { useReport } from "../evaluation/comparison.tsx";
import { Suites, Tasks } from "../evaluation/suites.tsx";
import { Trials } from "../evaluation/trials.tsx";
import { Loading } from "../parts/loading.tsx";
import { ProblemBox } from "../parts/problem.tsx";
import { Tile, Tiles } from "../parts/tiles.tsx";
import { Moment } from "../parts/units.tsx";
import { Link } from "../router.tsx";
import { useSession } from "../session.ts";
import "../style/figures.css";
import { JobBadge } from "./evaluations.tsx";

/** One job: how far it is, what came of it, and each of its trials. */
export function Evaluation({ id }: { readonly id: string }) {
  const [isRunning, setRunning] = useState(true);
  const loaded = useLoaded(
    async (signal) => {
      const answer = await api.showEvaluationJob({ job: id }, { signal });
      if (answer.ok) setRunning(answer.value.state === "running");
      return answer;
    },
    `job ${id}`,
    isRunning ? 2_000 : undefined,
  );
  return (
    <>
      <p className="small">
        <Link href="/evaluations">Evaluations</Link>
      </p>
      <h1>{id}</h1>
      <Loading of={loaded} lines={10}>
        {(job) => (
          <>
            <Facts job={job} onDone={loaded.reload} />
            {job.done === 0 ? null : <Outcome job={job} />}
            <div className="many-columns">
              <Trials job={job.name} everyMs={job.state === "running" ? 3_000 : undefined} />
            </div>
          </>
        )}
      </Loading>
    </>
  );
}

function Facts({ job, onDone }: { readonly job: EvaluationJob; readonly onDone: () => void }) {
  const now = useNow(60_000);
  const { trials, done, passed, errors, begun, excluded, error, environment, createdAt } = job;
  return (
    <>
      <Tiles>
        <Tile title="State" note={`in ${environment}`}>
          <JobBadge job={job} />
        </Tile>
        <Tile title="Done" note={begun === 0 ? undefined : `${begun} begun`}>
          {done} of {trials}
        </Tile>
        <Tile title="Passed">{passed}</Tile>
        <Tile title="Without a verdict" note={errors === 0 ? undefined : "they are in no rate"}>
          {errors}
        </Tile>
        <Tile title="Made">
          <Moment at={createdAt} now={now} />
        </Tile>
      </Tiles>
      {error === null ? null : (
        <p className="notice">
          {error.message} {error.hint}
        </p>
      )}
      {excluded.map(({ task, reason }) => (
        <p key={task} className="notice">
          {task} is in no score: {reason}
        </p>
      ))}
      <Work job={job} onDone={onDone} />
    </>
  );
}

function Work({ job: { name, state }, onDone }: Parameters<typeof Facts>[0]) {
  const { may, told } = useSession();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  if (!may("evaluations:write") || state === "done") return null;
  const work = async (): Promise<void> => {
    setBusy(true);
    const answer = await (state === "running"
      ? api.cancelEvaluationJob({ job: name })
      : api.resumeEvaluationJob({ job: name, body: {} }));
    setBusy(false);
    setProblem(answer.ok ? undefined : answer.problem);
    if (!answer.ok) told(answer.problem);
    onDone();
  };
  return (
    <div className="chosen">
      <button type="button" className="button" disabled={isBusy} onClick={() => void work()}>
        {state === "running" ? "Stop it" : "Go on with it"}
      </button>
      {problem === undefined ? null : <ProblemBox problem={problem} />}
    </div>
  );
}

function Outcome({ job: { name, state, done } }: { readonly job: EvaluationJob }) {
  const loaded = useReport(name, state === "running" ? 5_000 : undefined);
  const forms = [
    ["html", "HTML"],
    ["markdown", "Markdown"],
    ["ctrf", "CTRF"],
  ] as const;
  return (
    <Loading of={loaded} lines={4}>
      {({ suites, notices }) => (
        <>
          <section aria-labelledby="conditions">
            <h2 id="conditions">Conditions</h2>
            <div className="many-columns">
              <Suites suites={suites} />
            </div>
            {notices.map((notice) => (
              <p key={notice} className="small muted">
                {notice}
              </p>
            ))}
            <p className="after-table">
              The whole report:{" "}
              {forms.map(([format, title], at) => (
                <span key={format}>
                  {at === 0 ? "" : " · "}
                  <a
                    href={`/v1/evaluations/jobs/${encodeURIComponent(name)}/report?format=${format}`}
                    download={`${name}.${format === "markdown" ? "md" : format === "ctrf" ? "ctrf.json" : "html"}`}
                  >
                    {title}
                  </a>
                </span>
              ))}
              {suites.length < 2 || done === 0 ? null : (
                <>
                  {" · "}
                  <Link
                    href={`/evaluations?${new URLSearchParams({ a: name, b: name }).toString()}`}
                  >
                    compare its conditions
                  </Link>
                </>
              )}
            </p>
          </section>
          <section aria-labelledby="tasks">
            <h2 id="tasks">Tasks</h2>
            <div className="many-columns">
              <Tasks suites={suites} />
            </div>
          </section>
        </>
      )}
    </Loading>
  );
}
