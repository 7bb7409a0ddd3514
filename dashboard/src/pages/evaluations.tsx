import { api, type EvaluationJob } from "../api.ts";
import { useNow } from "../data/clock.ts";
import { usePages } from "../data/use-pages.ts";
import { Comparison } from "../evaluation/comparison.tsx";
import { Badge } from "../parts/badge.tsx";
import type { Tone } from "../parts/tone.ts";
import { type Column, DataTable } from "../parts/data-table.tsx";
import { Command, Empty } from "../parts/empty.tsx";
import { Loading } from "../parts/loading.tsx";
import { ModelName } from "../parts/model-name.tsx";
import { Moment } from "../parts/units.tsx";
import { Link } from "../router.tsx";
import "../style/figures.css";

const tones: Readonly<Record<EvaluationJob["state"], Tone>> = {
  running: "busy",
  done: "good",
  open: "warn",
};

/** How far a job is. */
export function JobBadge({ job: { state, error } }: { readonly job: EvaluationJob }) {
  if (error !== null && state !== "running") return <Badge tone="bad">stopped by an error</Badge>;
  return <Badge tone={tones[state]}>{state === "open" ? "left undone" : state}</Badge>;
}

/** Jobs: agents that were tried on tasks, and what two of them differ by. */
export function Evaluations() {
  const now = useNow(10_000);
  const loaded = usePages<EvaluationJob>(
    (page, signal) => api.listEvaluationJobs(page, { signal }),
    "jobs",
    5_000,
  );
  return (
    <>
      <h1>Evaluations</h1>
      <Loading of={loaded} lines={8}>
        {({ items, damaged }) => {
          const withResults = items.filter(({ done }) => done > 0).map(({ name }) => name);
          return (
            <>
              {damaged === undefined ? null : (
                <p className="notice">
                  {damaged.length} jobs cannot be read: {damaged.join(" ")}
                </p>
              )}
              {items.length === 0 ? (
                <Empty title="No agent has been tried yet">
                  Try one on tasks:{" "}
                  <Command>agent33 eval run examples/tasks --agent oracle --agent nop</Command> Jobs
                  stand here where <Command>serve.evaluations.jobs</Command> names their folder.
                </Empty>
              ) : (
                <DataTable
                  label="Jobs"
                  columns={columns(now)}
                  rows={items}
                  keyOf={({ name }) => name}
                  hrefOf={({ name }) => `/evaluations/${encodeURIComponent(name)}`}
                  more={loaded.more}
                />
              )}
              {withResults.length === 0 ? null : <Comparison jobs={withResults} />}
            </>
          );
        }}
      </Loading>
    </>
  );
}

function columns(now: number): readonly Column<EvaluationJob>[] {
  return [
    {
      key: "state",
      title: "State",
      cell: (job) => <JobBadge job={job} />,
      sort: ({ state }) => state,
    },
    {
      key: "name",
      title: "Job",
      isWide: true,
      cell: ({ name, agents, models, skills, efforts }) => (
        <>
          <Link href={`/evaluations/${encodeURIComponent(name)}`} className="row-link">
            {name}
          </Link>
          <span className="muted small">
            {agents.join(", ")}
            {models.map((model) => (
              <span key={model}>
                {" · "}
                <ModelName model={model} />
              </span>
            ))}
            {efforts.length === 0 ? "" : ` · effort ${efforts.join(", ")}`}
            {skills.length === 0 ? "" : ` · skills ${skills.join(", ")}`}
          </span>
        </>
      ),
      sort: ({ name }) => name,
    },
    {
      key: "tasks",
      title: "Tasks",
      isNumber: true,
      cell: ({ tasks }) => tasks,
      sort: ({ tasks }) => tasks,
    },
    {
      key: "done",
      title: "Done",
      isNumber: true,
      cell: ({ done, trials }) => `${done} of ${trials}`,
      sort: ({ done, trials }) => done / trials,
    },
    {
      key: "passed",
      title: "Passed",
      isNumber: true,
      cell: ({ passed }) => passed,
      sort: ({ passed }) => passed,
    },
    {
      key: "errors",
      title: "No verdict",
      isNumber: true,
      cell: ({ errors }) => (errors === 0 ? 0 : <Badge tone="warn">{String(errors)}</Badge>),
      sort: ({ errors }) => errors,
    },
    {
      key: "made",
      title: "Made",
      isNumber: true,
      cell: ({ createdAt }) => <Moment at={createdAt} now={now} />,
      sort: ({ createdAt }) => createdAt,
    },
  ];
}
