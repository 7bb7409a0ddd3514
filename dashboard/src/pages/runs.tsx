import { useState } from "react";
import { api, type Run } from "../api.ts";
import { useNow } from "../data/clock.ts";
import { usePages } from "../data/use-pages.ts";
import { RunBadge } from "../parts/badge.tsx";
import { type Column, DataTable } from "../parts/data-table.tsx";
import { Command, Empty } from "../parts/empty.tsx";
import { ModelName } from "../parts/model-name.tsx";
import { Loading } from "../parts/loading.tsx";
import { Duration, Moment, Money } from "../parts/units.tsx";
import { Link, setQuery, usePlace } from "../router.tsx";

/** How long a run takes or took. Milliseconds. */
export function elapsed({ state, startedAt, finishedAt }: Run, now: number): number {
  // What waits for a person has an end in its row, and goes on all the same.
  const end = state === "finished" ? finishedAt : null;
  return Math.max(0, (end ?? now) - startedAt);
}

/** The columns of every list of runs. */
function runColumns(now: number): readonly Column<Run>[] {
  return [
    {
      key: "state",
      title: "State",
      cell: (run) => <RunBadge {...run} />,
      sort: ({ state, outcome }) => `${state} ${outcome ?? ""}`,
    },
    {
      key: "task",
      title: "Task",
      isWide: true,
      cell: ({ id, task }) => (
        <Link href={`/runs/${id}`} className="row-link">
          {task}
        </Link>
      ),
      sort: ({ task }) => task.toLowerCase(),
    },
    {
      key: "agent",
      title: "Agent",
      cell: ({ agent }) => <span className="whole">{agent}</span>,
      sort: ({ agent }) => agent,
    },
    {
      key: "model",
      title: "Model",
      cell: ({ model, effort }) => (
        <>
          <ModelName model={model} /> <span className="muted">{effort}</span>
        </>
      ),
      sort: ({ model }) => model,
    },
    {
      key: "started",
      title: "Started",
      isNumber: true,
      cell: ({ startedAt }) => <Moment at={startedAt} now={now} />,
      sort: ({ startedAt }) => startedAt,
    },
    {
      key: "duration",
      title: "Time",
      isNumber: true,
      cell: (run) => <Duration ms={elapsed(run, now)} />,
      sort: (run) => elapsed(run, now),
    },
    {
      key: "cost",
      title: "Cost",
      isNumber: true,
      cell: ({ costMicroUsd, unpricedCalls }) => (
        <Money microUsd={costMicroUsd} unpricedCalls={unpricedCalls} />
      ),
      sort: ({ costMicroUsd }) => costMicroUsd,
    },
  ];
}

/** Runs, each with its page. */
export function RunTable({
  label,
  rows,
  now,
  more,
}: {
  readonly label: string;
  readonly rows: readonly Run[];
  readonly now: number;
  readonly more?: (() => void) | undefined;
}) {
  return (
    <div className="many-columns">
      <DataTable
        label={label}
        columns={runColumns(now)}
        rows={rows}
        keyOf={({ id }) => id}
        hrefOf={({ id }) => `/runs/${id}`}
        more={more}
      />
    </div>
  );
}

const states = ["running", "parked", "finished"] as const;
const outcomes = ["verified", "unverified", "refuted", "failed", "cancelled"] as const;

function oneOf<T extends string>(all: readonly T[], word: string | null): T | undefined {
  return all.find((one) => one === word);
}

/** All runs, newest first, with search. */
export function Runs() {
  const now = useNow(1_000);
  const { query } = usePlace();
  const state = oneOf(states, query.get("state"));
  const outcome = oneOf(outcomes, query.get("outcome"));
  const text = query.get("text") ?? "";
  const filter = { state, outcome, text: text === "" ? undefined : text };
  const loaded = usePages<Run>(
    (page, signal) => api.listRuns({ ...page, ...filter }, { signal }),
    `runs ${query.toString()}`,
    5_000,
  );
  const isFiltered = state !== undefined || outcome !== undefined || text !== "";
  return (
    <>
      <h1>Runs</h1>
      <Filters state={state ?? ""} outcome={outcome ?? ""} text={text} />
      <Loading of={loaded} lines={12}>
        {({ items, damaged }) =>
          items.length === 0 ? (
            isFiltered ? (
              <Empty title="No run fits">
                <Link href="/runs">Show all runs</Link>
              </Empty>
            ) : (
              <Empty title="There are no runs yet">
                Start one: <Command>agent33 run "Say hello."</Command>
              </Empty>
            )
          ) : (
            <>
              {damaged === undefined ? null : (
                <p className="notice">
                  {damaged.length} runs cannot be read: <Command>agent33 doctor</Command>
                </p>
              )}
              <RunTable label="Runs" rows={items} now={now} more={loaded.more} />
            </>
          )
        }
      </Loading>
    </>
  );
}

function Filters({
  state,
  outcome,
  text,
}: {
  readonly state: string;
  readonly outcome: string;
  readonly text: string;
}) {
  const [written, setWritten] = useState(text);
  return (
    <form
      className="filters"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        setQuery({ text: written.trim() });
      }}
    >
      <label>
        <span>Task, agent, model or id</span>
        <input
          type="search"
          value={written}
          onChange={(event) => setWritten(event.target.value)}
          onBlur={() => setQuery({ text: written.trim() })}
        />
      </label>
      <label>
        <span>State</span>
        <select value={state} onChange={(event) => setQuery({ state: event.target.value })}>
          <option value="">any</option>
          {states.map((word) => (
            <option key={word}>{word}</option>
          ))}
        </select>
      </label>
      <label>
        <span>Outcome</span>
        <select value={outcome} onChange={(event) => setQuery({ outcome: event.target.value })}>
          <option value="">any</option>
          {outcomes.map((word) => (
            <option key={word}>{word}</option>
          ))}
        </select>
      </label>
    </form>
  );
}
