import { lazy, Suspense, useId } from "react";
import { DataTable } from "./data-table.tsx";

/** One line of a chart. */
export interface Series {
  readonly name: string;
  /** One value a time; null where there is none. */
  readonly values: readonly (number | null)[];
}

export interface TimeSeriesProps {
  /** What is shown, as a sentence without its end. */
  readonly label: string;
  /** Milliseconds since the Unix epoch, rising. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  /** A value as people read it. */
  readonly text: (value: number) => string;
  /** Pixels. Default: 200. */
  readonly height?: number;
}

const Chart = lazy(async () => ({ default: (await import("./time-chart.tsx")).TimeChart }));

const dayAndTime = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

/** Values over time, as lines and as a table: what a chart says, the table says too. */
export function TimeSeries(props: TimeSeriesProps) {
  const { label, times, series, text, height = 200 } = props;
  const title = useId();
  const rows = times.map((time, at) => ({ time, at }));
  return (
    <figure className="time-series" aria-labelledby={title}>
      <figcaption id={title}>{label}</figcaption>
      <ul className="legend" aria-hidden="true">
        {series.map(({ name }, at) => (
          <li key={name} data-series={at % 6}>
            {name}
          </li>
        ))}
      </ul>
      <div className="chart" aria-hidden="true">
        <Suspense fallback={<div className="chart-room" />}>
          <Chart {...props} height={height} />
        </Suspense>
      </div>
      <details>
        <summary>As a table</summary>
        <DataTable
          label={label}
          rows={rows.toReversed()}
          keyOf={({ time }) => String(time)}
          columns={[
            {
              key: "time",
              title: "Time",
              cell: ({ time }) => (
                <time dateTime={new Date(time).toISOString()}>{dayAndTime.format(time)}</time>
              ),
              sort: ({ time }) => time,
            },
            ...series.map(({ name, values }) => ({
              key: name,
              title: name,
              isNumber: true,
              cell: ({ at }: { readonly at: number }) => {
                const value = values[at] ?? null;
                return value === null ? "–" : text(value);
              },
              sort: ({ at }: { readonly at: number }) => values[at] ?? Number.NEGATIVE_INFINITY,
            })),
          ]}
        />
      </details>
    </figure>
  );
}
