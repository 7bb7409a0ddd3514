import { api, type EvaluationTrial } from "../api.ts";
import { usePages } from "../data/use-pages.ts";
import { Badge } from "../parts/badge.tsx";
import { type Column, DataTable } from "../parts/data-table.tsx";
import { Loading } from "../parts/loading.tsx";
import { ModelName } from "../parts/model-name.tsx";
import { oneOf, QueryPick } from "../parts/pick.tsx";
import { countText } from "../parts/texts.ts";
import { Duration, Money } from "../parts/units.tsx";
import { usePlace } from "../router.tsx";

const states = ["open", "begun", "done"] as const;

/** The trials of a job, in the order in which they begin. */
export function Trials({
  job,
  everyMs,
}: {
  readonly job: string;
  readonly everyMs: number | undefined;
}) {
  const { query } = usePlace();
  const state = oneOf(states, query.get("state"));
  const loaded = usePages<EvaluationTrial>(
    (page, signal) => api.listEvaluationTrials({ job, ...page, state }, { signal }),
    `trials ${job} ${state ?? ""}`,
    everyMs,
  );
  return (
    <section aria-labelledby="trials">
      <h2 id="trials">Trials</h2>
      <div className="filters">
        <QueryPick name="state" label="State" options={states} chosen={state} />
      </div>
      <Loading of={loaded} lines={8}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="muted quiet-line">No trial is in this state.</p>
          ) : (
            <DataTable
              label="Trials"
              rows={items}
              keyOf={({ name }) => name}
              columns={columns(job)}
              more={loaded.more}
            />
          )
        }
      </Loading>
    </section>
  );
}

function columns(job: string): readonly Column<EvaluationTrial>[] {
  return [
    {
      key: "verdict",
      title: "Verdict",
      cell: (trial) => <Verdict trial={trial} />,
      sort: ({ state, result }) => `${state} ${String(result?.passed)}`,
    },
    {
      key: "task",
      title: "Task",
      isWide: true,
      cell: ({ task, repetition, result }) => (
        <>
          {task} <span className="muted small">trial {repetition}</span>
          {[result?.error, result?.agentError].map((error) =>
            error === null || error === undefined ? null : (
              <p key={error.code} className="small muted">
                <code>{error.code}</code> {error.message}
              </p>
            ),
          )}
        </>
      ),
      sort: ({ task, repetition }) => `${task} ${String(repetition).padStart(6, "0")}`,
    },
    {
      key: "who",
      title: "Who",
      cell: ({ agent, model, effort, skills }) => (
        <>
          {agent}
          {model === null ? null : (
            <>
              {" "}
              <ModelName model={model} />
            </>
          )}{" "}
          <span className="muted small">
            {effort ?? ""} {skills === "none" ? "" : `skills ${skills}`}
          </span>
        </>
      ),
      sort: ({ agent, model, skills }) => `${agent} ${model ?? ""} ${skills}`,
    },
    {
      key: "time",
      title: "Time",
      isNumber: true,
      cell: ({ result }) => <Duration ms={elapsed(result)} />,
      sort: ({ result }) => elapsed(result) ?? -1,
    },
    {
      key: "tokens",
      title: "Tokens",
      isNumber: true,
      cell: ({ result }) =>
        result === null || result.tokens === null ? (
          <span className="muted">–</span>
        ) : (
          countText(result.tokens.input + result.tokens.output)
        ),
      sort: ({ result }) => (result?.tokens?.input ?? -1) + (result?.tokens?.output ?? 0),
    },
    {
      key: "cost",
      title: "Cost",
      isNumber: true,
      cell: ({ result }) =>
        result === null || result.costMicroUsd === null ? (
          <span className="muted">–</span>
        ) : (
          <Money microUsd={result.costMicroUsd} />
        ),
      sort: ({ result }) => result?.costMicroUsd ?? -1,
    },
    {
      key: "trajectory",
      title: "What it did",
      cell: ({ name, state, result }) =>
        state !== "done" || result === null || result.runId === null ? (
          <span className="muted">–</span>
        ) : (
          <a
            href={`/v1/evaluations/jobs/${encodeURIComponent(job)}/trials/${encodeURIComponent(name)}/trajectory`}
            download={`${name}.atif.json`}
          >
            trajectory
          </a>
        ),
    },
  ];
}

/** Milliseconds; null where one of its ends is not known. */
function elapsed(result: EvaluationTrial["result"]): number | null {
  const { startedAt = null, finishedAt = null } = result ?? {};
  return startedAt === null || finishedAt === null ? null : finishedAt - startedAt;
}

function Verdict({ trial: { state, result } }: { readonly trial: EvaluationTrial }) {
  if (result === null) {
    return <Badge tone={state === "begun" ? "busy" : "plain"}>{state}</Badge>;
  }
  if (result.passed === null) return <Badge tone="warn">no verdict</Badge>;
  return (
    <>
      <Badge tone={result.passed ? "good" : "bad"}>{result.passed ? "passed" : "failed"}</Badge>
      {result.reward === null ? null : (
        <span className="muted small"> {Number(result.reward.toFixed(3))}</span>
      )}
    </>
  );
}
