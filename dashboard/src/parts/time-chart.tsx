import { useEffect, useRef } from "react";
import UPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useLook } from "../shell/theme.ts";
import type { TimeSeriesProps } from "./time-series.tsx";

/** The lines alone. In a file of its own, so that pages without a chart do not load what draws it. */
export function TimeChart({ times, series, text, height = 200 }: TimeSeriesProps) {
  const place = useRef<HTMLDivElement>(null);
  const look = useLook();
  useEffect(() => {
    const box = place.current;
    if (box === null) return;
    const colour = colours(box);
    const axis = { stroke: colour("--muted"), grid: { stroke: colour("--line"), width: 1 } };
    const font = `12px ${getComputedStyle(box).fontFamily}`;
    const chart = new UPlot(
      {
        width: box.clientWidth,
        height,
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false } },
        scales: {
          y: { range: (_, low, high) => [Math.min(0, low), high === low ? low + 1 : high] },
        },
        axes: [
          { ...axis, font, ticks: { show: false }, values: (_, at) => at.map(momentText) },
          {
            ...axis,
            font,
            ticks: { show: false },
            size: 72,
            values: (_, values) => values.map((value) => text(value)),
          },
        ],
        series: [
          {},
          ...series.map(({ name }, at) => ({
            label: name,
            stroke: colour(`--series-${at % 6}`),
            width: 2,
            points: { show: times.length < 3 },
          })),
        ],
      },
      [times.map((time) => time / 1_000), ...series.map(({ values }) => [...values])],
      box,
    );
    const follow = new ResizeObserver(() => chart.setSize({ width: box.clientWidth, height }));
    follow.observe(box);
    return () => {
      follow.disconnect();
      chart.destroy();
    };
  }, [times, series, text, height, look]);
  return <div ref={place} className="chart-room" />;
}

const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

/** A moment of the axis: the day where one begins, else the time. @param seconds since the Unix epoch */
function momentText(seconds: number): string {
  const date = new Date(seconds * 1_000);
  return (date.getHours() === 0 && date.getMinutes() === 0 ? day : time).format(date);
}

/** What a colour of the style sheet comes to now: a canvas knows no names. */
function colours(box: HTMLElement): (name: string) => string {
  return (name) => {
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    box.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  };
}
