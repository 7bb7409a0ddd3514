import { api } from "../api.ts";
import { useLoaded } from "../data/use-loaded.ts";
import { Badge } from "../parts/badge.tsx";
import { DataTable } from "../parts/data-table.tsx";
import { Empty } from "../parts/empty.tsx";
import { Loading } from "../parts/loading.tsx";
import { setQuery, usePlace } from "../router.tsx";
import { chance, differenceText, FigureText, IntervalBar, percent, points } from "./figures.tsx";
import { type Comparison as Compared, nameOf, readReport, type Report } from "./report.ts";

/** Two conditions, of one job or of two, task by task. @param jobs names of jobs with results */
export function Comparison({ jobs }: { readonly jobs: readonly string[] }) {
  const { query } = usePlace();
  const a = query.get("a") ?? "";
  const b = query.get("b") ?? "";
  const first = query.get("first") ?? "";
  const second = query.get("second") ?? "";
  return (
    <section aria-labelledby="comparison">
      <h2 id="comparison">Compare two conditions</h2>
      <div className="sides">
        <Side label="The first" job={a} condition={first} jobs={jobs} words={["a", "first"]} />
        <Side label="The second" job={b} condition={second} jobs={jobs} words={["b", "second"]} />
      </div>
      {a === "" || b === "" || first === "" || second === "" ? (
        <p className="muted quiet-line">Choose a job and a condition on either side.</p>
      ) : (
        <Outcome key={`${a} ${b} ${first} ${second}`} asked={{ a, b, first, second }} />
      )}
    </section>
  );
}

function Side({
  label,
  job,
  condition,
  jobs,
  words: [jobWord, conditionWord],
}: {
  readonly label: string;
  readonly job: string;
  readonly condition: string;
  readonly jobs: readonly string[];
  readonly words: readonly [string, string];
}) {
  return (
    <fieldset className="side filters">
      <legend>{label}</legend>
      <label>
        <span>Job</span>
        <select
          value={job}
          onChange={(event) => setQuery({ [jobWord]: event.target.value, [conditionWord]: "" })}
        >
          <option value="">choose</option>
          {jobs.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      {job === "" ? null : (
        <Conditions
          key={job}
          job={job}
          chosen={condition}
          onChoose={(name) => setQuery({ [conditionWord]: name })}
        />
      )}
    </fieldset>
  );
}

/** The report of one job, asked for once. */
export function useReport(job: string, everyMs?: number) {
  return useLoaded<Report>(
    (signal) => readReport(api.showEvaluationReport({ job, format: "json" }, { signal })),
    `report ${job}`,
    everyMs,
  );
}

function Conditions({
  job,
  chosen,
  onChoose,
}: {
  readonly job: string;
  readonly chosen: string;
  readonly onChoose: (name: string) => void;
}) {
  const loaded = useReport(job);
  return (
    <Loading of={loaded} lines={1}>
      {({ suites }) => (
        <label>
          <span>Condition</span>
          <select value={chosen} onChange={(event) => onChoose(event.target.value)}>
            <option value="">choose</option>
            {suites.map((suite) => (
              <option key={nameOf(suite)}>{nameOf(suite)}</option>
            ))}
          </select>
        </label>
      )}
    </Loading>
  );
}

interface Asked {
  readonly a: string;
  readonly b: string;
  readonly first: string;
  readonly second: string;
}

function Outcome({ asked }: { readonly asked: Asked }) {
  const loaded = useLoaded<Report>(
    (signal) => readReport(api.compareEvaluations({ ...asked, format: "json" }, { signal })),
    JSON.stringify(asked),
  );
  const query = new URLSearchParams({ ...asked, format: "html" }).toString();
  return (
    <Loading of={loaded} lines={6}>
      {({ comparison, notices }) =>
        comparison === null ? (
          <Empty title="There is nothing to compare" />
        ) : (
          <>
            <Verdict comparison={comparison} />
            <Figures comparison={comparison} />
            {notices.map((notice) => (
              <p key={notice} className="small muted">
                {notice}
              </p>
            ))}
            <Pairs comparison={comparison} />
            <p className="after-table">
              <a href={`/v1/evaluations/compare?${query}`} download>
                The whole report (HTML)
              </a>
            </p>
          </>
        )
      }
    </Loading>
  );
}

function Verdict({ comparison }: { readonly comparison: Compared }) {
  const { difference, bootstrap, noiseFloor, sameCondition, hurt } = comparison;
  if (!difference.ok) return <p className="notice">{difference.error.message}</p>;
  const isSure = bootstrap.ok && (bootstrap.value.low > 0 || bootstrap.value.high < 0);
  const isNoise = noiseFloor.ok && Math.abs(difference.value) < noiseFloor.value.floor;
  const said = sameCondition
    ? "Both are the same condition: this is noise."
    : !bootstrap.ok
      ? `How sure that is, is not known: ${bootstrap.error.message}`
      : isSure && !isNoise
        ? "More than chance explains."
        : "Chance alone may give this.";
  const tone =
    !isSure || isNoise || sameCondition ? "plain" : difference.value > 0 ? "good" : "bad";
  return (
    <p className="verdict">
      <Badge tone={tone}>{points(difference.value)}</Badge> {said}
      {hurt.length === 0
        ? ""
        : ` ${hurt.length} ${hurt.length === 1 ? "task is" : "tasks are"} hurt.`}
    </p>
  );
}

function Figures({ comparison }: { readonly comparison: Compared }) {
  const { a, b, rates, difference, interval, bootstrap, signFlip, noiseFloor, pairs } = comparison;
  const level = `${Math.round(a.level * 100)} %`;
  return (
    <dl className="figure-facts">
      <div>
        <dt>Rates, over {pairs.length} tasks of both</dt>
        <dd>
          <FigureText explains of={rates} text={(two) => `${percent(two.a)} → ${percent(two.b)}`} />
          <span className="muted small">
            {" "}
            {nameOf(a)} → {nameOf(b)}
          </span>
        </dd>
      </div>
      <div>
        <dt>Difference, {level} by paired bootstrap</dt>
        <dd>
          <IntervalBar value={difference} interval={bootstrap} least={-1} />
          <FigureText explains of={bootstrap} text={differenceText} />
        </dd>
      </div>
      <div>
        <dt>Difference, {level} by paired t</dt>
        <dd>
          <IntervalBar value={difference} interval={interval} least={-1} />
          <FigureText explains of={interval} text={differenceText} />
        </dd>
      </div>
      <div>
        <dt>Chance of such a difference</dt>
        <dd>
          <FigureText
            of={signFlip}
            text={({ p, method }) => `${chance(p)} (sign flip, ${method})`}
          />
        </dd>
      </div>
      <div>
        <dt>What noise alone gives</dt>
        <dd>
          <FigureText explains of={noiseFloor} text={({ floor }) => `±${percent(floor)}`} />
        </dd>
      </div>
    </dl>
  );
}

function Pairs({ comparison: { pairs } }: { readonly comparison: Compared }) {
  return (
    <DataTable
      label="Tasks of both"
      rows={pairs}
      keyOf={({ task }) => task}
      columns={[
        {
          key: "task",
          title: "Task",
          isWide: true,
          cell: ({ task }) => task,
          sort: ({ task }) => task,
        },
        {
          key: "first",
          title: "The first",
          isNumber: true,
          cell: ({ a }) => `${a.passes} of ${a.trials}`,
          sort: ({ a }) => a.passes / a.trials,
        },
        {
          key: "second",
          title: "The second",
          isNumber: true,
          cell: ({ b }) => `${b.passes} of ${b.trials}`,
          sort: ({ b }) => b.passes / b.trials,
        },
        {
          key: "difference",
          title: "Difference",
          isNumber: true,
          cell: ({ difference }) => (
            <Badge tone={difference > 0 ? "good" : difference < 0 ? "bad" : "plain"}>
              {points(difference)}
            </Badge>
          ),
          sort: ({ difference }) => difference,
        },
      ]}
    />
  );
}
