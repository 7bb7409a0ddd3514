import { Badge } from "../parts/badge.tsx";
import { DataTable } from "../parts/data-table.tsx";
import { durationText, moneyText } from "../parts/texts.ts";
import { FigureText, IntervalBar, intervalText, percent } from "./figures.tsx";
import { nameOf, type Suite, type TaskResult } from "./report.ts";

/** How the conditions of a job went, a row each. */
export function Suites({ suites }: { readonly suites: readonly Suite[] }) {
  const level = Math.round((suites[0]?.level ?? 0.95) * 100);
  return (
    <DataTable
      label="Conditions"
      rows={suites}
      keyOf={nameOf}
      columns={[
        {
          key: "name",
          title: "Condition",
          isWide: true,
          cell: nameOf,
          sort: nameOf,
        },
        {
          key: "rate",
          title: "Rate",
          isNumber: true,
          cell: ({ rate }) => <FigureText of={rate} text={percent} />,
          sort: ({ rate }) => (rate.ok ? rate.value : -1),
        },
        {
          key: "interval",
          title: `${level} % interval`,
          cell: ({ rate, interval }) => (
            <span className="whole">
              <IntervalBar value={rate} interval={interval} />
              <FigureText of={interval} text={intervalText} />
            </span>
          ),
        },
        {
          key: "passed",
          title: "Passed",
          isNumber: true,
          cell: ({ counts }) => `${counts.passed} of ${counts.judged}`,
          sort: ({ counts }) => counts.passed,
        },
        {
          key: "errors",
          title: "No verdict",
          isNumber: true,
          cell: ({ counts }) => counts.errors,
          sort: ({ counts }) => counts.errors,
        },
        {
          key: "flaky",
          title: "Flaky tasks",
          isNumber: true,
          cell: ({ flaky }) => flaky.length,
          sort: ({ flaky }) => flaky.length,
        },
        {
          key: "cost",
          title: "Cost a success",
          isNumber: true,
          cell: ({ costPerSuccess }) => (
            <FigureText of={costPerSuccess} text={(value) => moneyText(Math.round(value))} />
          ),
          sort: ({ costPerSuccess }) => (costPerSuccess.ok ? costPerSuccess.value : -1),
        },
        {
          key: "time",
          title: "Time a success",
          isNumber: true,
          cell: ({ durationPerSuccess }) => (
            <FigureText of={durationPerSuccess} text={durationText} />
          ),
          sort: ({ durationPerSuccess }) => (durationPerSuccess.ok ? durationPerSuccess.value : -1),
        },
      ]}
    />
  );
}

/** How each task went, a column a condition. */
export function Tasks({ suites }: { readonly suites: readonly Suite[] }) {
  const names = [...new Set(suites.flatMap(({ tasks }) => tasks.map(({ task }) => task)))];
  const resultOf = (suite: Suite, task: string): TaskResult | undefined =>
    suite.tasks.find((one) => one.task === task);
  return (
    <DataTable
      label="Tasks"
      rows={names.toSorted()}
      keyOf={(task) => task}
      columns={[
        {
          key: "task",
          title: "Task",
          isWide: true,
          cell: (task) => task,
          sort: (task) => task,
        },
        ...suites.map((suite) => ({
          key: nameOf(suite),
          title: nameOf(suite),
          isNumber: true,
          cell: (task: string) => <Passes result={resultOf(suite, task)} />,
          sort: (task: string) => {
            const rate = resultOf(suite, task)?.rate;
            return rate?.ok === true ? rate.value : -1;
          },
        })),
      ]}
    />
  );
}

function Passes({ result }: { readonly result: TaskResult | undefined }) {
  if (result === undefined) return <span className="muted">–</span>;
  const { passes, trials, errors, wilson } = result;
  const tone = trials === 0 ? "plain" : passes === trials ? "good" : passes === 0 ? "bad" : "warn";
  return (
    <span title={wilson.ok ? `Wilson's interval: ${intervalText(wilson.value)}` : undefined}>
      <Badge tone={tone}>{`${passes} of ${trials}`}</Badge>
      {errors === 0 ? null : <span className="muted small"> {errors} without a verdict</span>}
    </span>
  );
}
