import { useMemo, useState } from "react";
import {
  api,
  type LearningOverview,
  type Problem,
  type Result,
  type SignalSummary,
} from "../api.ts";
import { type Loaded, useLoaded } from "../data/use-loaded.ts";
import { Intakes } from "../learning/intakes.tsx";
import { Lessons } from "../learning/lessons.tsx";
import { Signals } from "../learning/signals.tsx";
import { Choice } from "../parts/choice.tsx";
import { Loading } from "../parts/loading.tsx";
import { oneOf } from "../parts/pick.tsx";
import { ProblemBox } from "../parts/problem.tsx";
import { Tile, Tiles } from "../parts/tiles.tsx";
import { TimeSeries } from "../parts/time-series.tsx";
import { countText } from "../parts/texts.ts";
import { go, usePlace } from "../router.tsx";
import { useSession } from "../session.ts";
import "../style/figures.css";

const views = ["signals", "intakes", "lessons"] as const;
const everyMs = 15_000;

/** What runs and people have seen, what is decided on it, and what was learned. */
export function Learning() {
  const { query } = usePlace();
  const view = oneOf(views, query.get("view")) ?? "signals";
  const [works, setWorks] = useState(0);
  const overview = useLoaded((signal) => api.showOverview({}, { signal }), "overview", everyMs);
  const summary = useLoaded(
    (signal) => api.summarizeSignals({ days: 30 }, { signal }),
    "summary",
    everyMs,
  );
  const changed = (): void => {
    overview.reload();
    summary.reload();
  };
  return (
    <>
      <h1>Learning</h1>
      <Facts overview={overview} summary={summary} />
      <div className="choices">
        <Choice
          label="What is shown"
          options={views.map((word) => [word, `${word.charAt(0).toUpperCase()}${word.slice(1)}`])}
          chosen={view}
          onChoose={(word) => go(word === "signals" ? "/learning" : `/learning?view=${word}`)}
        />
        <Work
          onDone={() => {
            changed();
            setWorks((before) => before + 1);
          }}
        />
      </div>
      <View key={`${view} ${works}`} view={view} onChange={changed} />
    </>
  );
}

function View({
  view,
  onChange,
}: {
  readonly view: (typeof views)[number];
  readonly onChange: () => void;
}) {
  switch (view) {
    case "signals":
      return <Signals onChange={onChange} />;
    case "intakes":
      return <Intakes onChange={onChange} />;
    case "lessons":
      return <Lessons onChange={onChange} />;
    default:
      return view satisfies never;
  }
}

function Facts({
  overview,
  summary,
}: {
  readonly overview: Loaded<LearningOverview>;
  readonly summary: Loaded<SignalSummary>;
}) {
  const { intakes, lessons } = overview.value ?? {};
  const waiting = ["submitted", "triaged", "analyzing"].reduce(
    (sum, state) => sum + (intakes?.byState[state] ?? 0),
    0,
  );
  const toDo = ["pending", "in_progress"].reduce(
    (sum, state) => sum + (lessons?.actions[state] ?? 0),
    0,
  );
  return (
    <>
      <Tiles>
        <Tile title="Signals in 30 days" note={trendText(summary.value)}>
          {summary.value === undefined ? undefined : countText(summary.value.total)}
        </Tile>
        <Tile
          title="Their quality"
          note={summary.value === undefined ? undefined : `${summary.value.highQuality} high`}
        >
          {summary.value === undefined
            ? undefined
            : (summary.value.averageQuality?.toFixed(2) ?? "–")}
        </Tile>
        <Tile title="Intakes to decide on" href="/learning?view=intakes">
          {intakes === undefined ? undefined : countText(waiting)}
        </Tile>
        <Tile
          title="Open lessons"
          note={`${toDo} ${toDo === 1 ? "action" : "actions"} to do`}
          href="/learning?view=lessons"
        >
          {lessons === undefined ? undefined : countText(lessons.byState["open"] ?? 0)}
        </Tile>
      </Tiles>
      <Loading of={summary} lines={4}>
        {(found) => <Trend summary={found} />}
      </Loading>
    </>
  );
}

function trendText(summary: SignalSummary | undefined): string | undefined {
  if (summary === undefined) return undefined;
  const { delta, direction } = summary.trend;
  if (direction === "stable") return "as many as in the 30 days before";
  return `${Math.abs(delta)} ${direction === "up" ? "more" : "fewer"} than in the 30 days before`;
}

function Trend({ summary: { series, total } }: { readonly summary: SignalSummary }) {
  const chart = useMemo(
    () => ({
      times: series.map(({ from }) => from),
      series: [
        { name: "signals", values: series.map(({ signals }) => signals) },
        { name: "seen", values: series.map(({ occurrences }) => occurrences) },
      ],
    }),
    [series],
  );
  if (total === 0) return null;
  return (
    <TimeSeries
      label="Signals, and how often they were seen, by the day (UTC)"
      text={countText}
      {...chart}
    />
  );
}

/** What can be done for all of it. */
function Work({ onDone }: { readonly onDone: () => void }) {
  const { may, told } = useSession();
  const [isBusy, setBusy] = useState(false);
  const [said, setSaid] = useState("");
  const [problem, setProblem] = useState<Problem>();
  const work = async <T,>(ask: () => Promise<Result<T>>, text: (value: T) => string) => {
    setBusy(true);
    setProblem(undefined);
    const answer = await ask();
    setBusy(false);
    if (answer.ok) {
      setSaid(text(answer.value));
      onDone();
    } else {
      told(answer.problem);
      setProblem(answer.problem);
    }
  };
  if (!may("learning:write")) return null;
  return (
    <>
      <div className="chosen">
        <button
          type="button"
          className="button"
          disabled={isBusy}
          title="Of runs whose process died, or that ended while the team's store was away"
          onClick={() =>
            void work(
              () => api.catchUp(),
              ({ signals }) => `${signals} new ${signals === 1 ? "signal" : "signals"}`,
            )
          }
        >
          Read what runs have taught
        </button>
        <button
          type="button"
          className="button"
          disabled={isBusy}
          onClick={() =>
            void work(
              () => api.generateIntakes({}),
              ({ items }) => `${items.length} ${items.length === 1 ? "intake" : "intakes"} made`,
            )
          }
        >
          Make intakes of the gravest
        </button>
        <span role="status" className="muted">
          {said}
        </span>
      </div>
      {problem === undefined ? null : <ProblemBox problem={problem} />}
    </>
  );
}
