import type { Comparison } from "../statistics/comparison.ts";
import type { SuiteResult } from "../statistics/suite.ts";
import { intervalText, noFigure, percent, percentText, points } from "./figure-text.ts";
import { html, type Markup } from "./markup.ts";
import { nameOf } from "./tables.ts";

/**
 * Charts without a script: words are HTML, which breaks where the page is narrow, and beside them
 * stand drawings whose places are shares of their width. So nothing is scaled, and letters are as
 * large on a phone as anywhere. Colours come from the page, for light and for dark.
 */

/** A share as a place. */
const at = (share: number): string => `${(100 * Math.min(1, Math.max(0, share))).toFixed(2)}%`;

function row(label: string, value: string, drawing: Markup): Markup {
  return html`<div class="row"><span class="label">${label}</span><span class="value">${value}</span>${drawing}</div>`;
}

const axis = (ends: readonly string[]): Markup =>
  html`<div class="axis" aria-hidden="true">${ends.map((end) => html`<span>${end}</span>`)}</div>`;

const percentAxis = axis(["0 %", "25", "50", "75", "100 %"]);
const gridLines = [0.25, 0.5, 0.75].map(
  (share) => html`<line class="grid" x1="${at(share)}" x2="${at(share)}" y1="0" y2="20"/>`,
);

/** The rate of each condition with its interval. */
export function rateChart(suites: readonly SuiteResult[]): Markup {
  const rows = suites.map((suite) => {
    const { rate, interval } = suite;
    const words = interval.ok
      ? `${percentText(rate)} (${intervalText(interval)})`
      : percentText(rate);
    const drawing = html`<svg role="img" aria-label="${words}" width="100%" height="20"><line class="track" x1="0" x2="100%" y1="10" y2="10"/>${gridLines}${
      interval.ok
        ? html`<line class="range first" x1="${at(interval.value.low)}" x2="${at(interval.value.high)}" y1="10" y2="10"/>`
        : []
    }${rate.ok ? html`<circle class="dot first" cx="${at(rate.value)}" cy="10" r="6"/>` : []}</svg>`;
    return row(nameOf(suite), words, drawing);
  });
  return html`<div class="chart">${rows}${percentAxis}</div>`;
}

/** The kinds of tasks, from those that never pass to those that always do. */
const kinds = [
  { title: "always pass", class: "always" },
  { title: "pass mostly", class: "mostly" },
  { title: "pass rarely", class: "rarely" },
  { title: "never pass", class: "never" },
  { title: "no verdict", class: "unknown" },
] as const;

/** How many of a suite's tasks are of each kind, in the kinds' order. */
export function kindCounts({ tasks }: Pick<SuiteResult, "tasks">): readonly number[] {
  const counts = kinds.map(() => 0);
  for (const { trials, passes } of tasks) {
    const kind =
      trials === 0 ? 4 : passes === trials ? 0 : passes === 0 ? 3 : passes * 2 > trials ? 1 : 2;
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

export const kindTitles: readonly string[] = kinds.map(({ title }) => title);

/** How steadily tasks pass: one bar a condition, in which each task is as wide. */
export function kindChart(suites: readonly SuiteResult[]): Markup {
  const rows = suites.map((suite) => {
    const counts = kindCounts(suite);
    const all = Math.max(1, suite.tasks.length);
    let before = 0;
    const bars = kinds.map((kind, index) => {
      const count = counts[index] ?? 0;
      const from = before;
      before += count;
      return count === 0
        ? []
        : html`<rect class="${kind.class}" x="${at(from / all)}" width="${at(count / all)}" y="0" height="24"/>${
            // A number needs some room; all of them are in the table.
            count / all < 0.06
              ? []
              : html`<text class="in-${kind.class}" x="${at((from + count / 2) / all)}" y="16" text-anchor="middle">${count}</text>`
          }`;
    });
    const words = kinds.map(({ title }, index) => `${counts[index] ?? 0} ${title}`).join(", ");
    const tasks = suite.tasks.length === 1 ? "1 task" : `${suite.tasks.length} tasks`;
    return row(
      nameOf(suite),
      tasks,
      html`<svg role="img" aria-label="${words}" width="100%" height="24">${bars}</svg>`,
    );
  });
  const legend = kinds.map(
    (kind) => html`<span><i class="key ${kind.class}"></i>${kind.title}</span>`,
  );
  return html`<div class="chart">${rows}<div class="legend">${legend}</div></div>`;
}

const panelHeight = 150;

/** pass@k and pass^k over k, a panel a condition. */
export function passChart(suites: readonly SuiteResult[]): Markup {
  const panels = suites.filter(({ passes }) => passes.length > 1).map(passPanel);
  if (panels.length === 0) return html``;
  return html`<div class="panels">${panels}</div><div class="legend"><span><i class="key first"></i>pass@k: one of k passes</span><span><i class="key second"></i>pass^k: all of k pass</span></div>`;
}

function passPanel(suite: SuiteResult): Markup {
  const most = Math.max(...suite.passes.map(({ k }) => k));
  const x = (k: number): string => at((k - 1) / (most - 1));
  const y = (share: number): string => (panelHeight * (1 - share)).toFixed(1);
  const series = (["at", "hat"] as const).map((which) => {
    const known = suite.passes.flatMap(({ k, [which]: figure }) =>
      figure.ok ? [{ k, share: figure.value.value }] : [],
    );
    const name = which === "at" ? "first" : "second";
    const lines = known.slice(1).map((to, index) => {
      const from = known[index] ?? to;
      return html`<line class="series ${name}" x1="${x(from.k)}" y1="${y(from.share)}" x2="${x(to.k)}" y2="${y(to.share)}"/>`;
    });
    const dots = known.map(
      ({ k, share }) =>
        html`<circle class="dot ${name}" cx="${x(k)}" cy="${y(share)}" r="4"><title>${which === "at" ? "pass@" : "pass^"}${k}: ${percent(share)}</title></circle>`,
    );
    return [...lines, ...dots];
  });
  const grid = [0, 0.25, 0.5, 0.75, 1].map(
    (share) =>
      html`<line class="grid" x1="0" x2="100%" y1="${y(share)}" y2="${y(share)}"/>${
        share * 2 === Math.round(share * 2)
          ? html`<text class="tick" x="-8" y="${Number(y(share)) + 4}" text-anchor="end">${100 * share} %</text>`
          : []
      }`,
  );
  const ticks = suite.passes.map(
    ({ k }) =>
      html`<text class="tick" x="${x(k)}" y="${panelHeight + 18}" text-anchor="middle">${k}</text>`,
  );
  const words = suite.passes
    .map(({ k, at, hat }) => `k ${k}: pass@k ${shareOf(at)}, pass^k ${shareOf(hat)}`)
    .join("; ");
  return html`<div class="panel"><span class="label">${nameOf(suite)}</span><svg role="img" aria-label="${words}" width="100%" height="${panelHeight + 24}">${grid}${ticks}${series}</svg></div>`;
}

function shareOf(figure: SuiteResult["passes"][number]["at"]): string {
  return figure.ok ? percent(figure.value.value) : noFigure;
}

/** The difference of two conditions, its interval, and what chance alone gives. */
export function differenceChart({ difference, bootstrap, noiseFloor }: Comparison): Markup {
  if (!difference.ok) return html``;
  const ends = bootstrap.ok ? bootstrap.value : { low: difference.value, high: difference.value };
  const floor = noiseFloor.ok ? noiseFloor.value.floor : 0;
  const widest = Math.max(0.05, floor, Math.abs(ends.low), Math.abs(ends.high)) * 1.15;
  // In steps of 5 points, so that the ends of the axis are round.
  const reach = Math.min(1, Math.ceil(widest * 20) / 20);
  const x = (value: number): string => at((value / reach + 1) / 2);
  const words = bootstrap.ok
    ? `${points(difference.value)} (${points(ends.low)} to ${points(ends.high)})`
    : points(difference.value);
  const drawing = html`<svg role="img" aria-label="${words}" width="100%" height="28"><rect class="noise" x="${x(-floor)}" width="${at(floor / reach)}" y="0" height="28"/><line class="zero" x1="50%" x2="50%" y1="0" y2="28"/>${
    bootstrap.ok
      ? html`<line class="range first" x1="${x(ends.low)}" x2="${x(ends.high)}" y1="14" y2="14"/>`
      : []
  }<circle class="dot first" cx="${x(difference.value)}" cy="14" r="6"/></svg>`;
  const legend = noiseFloor.ok
    ? html`<div class="legend"><span><i class="key noise"></i>what two runs of the same are apart by chance</span></div>`
    : [];
  return html`<div class="chart">${row("Difference of the rates", words, drawing)}${axis([points(-reach), "0", points(reach)])}${legend}</div>`;
}

/** So many tasks are drawn; the table has all. */
const mostPairs = 40;

/** The tasks of which the two sides differ: from the first side's rate to the second's. */
export function pairChart({ pairs }: Comparison): Markup {
  const different = pairs
    .filter(({ difference }) => difference !== 0)
    .toSorted((one, other) => Math.abs(other.difference) - Math.abs(one.difference));
  if (different.length === 0) return html``;
  const rows = different
    .slice(0, mostPairs)
    .toSorted((one, other) => one.difference - other.difference)
    .map(({ task, a, b, difference }) => {
      const [from, to] = [a.passes / a.trials, b.passes / b.trials];
      const words = `${percent(from)} → ${percent(to)}, ${points(difference)}`;
      const way = difference < 0 ? "hurt" : "helped";
      const drawing = html`<svg role="img" aria-label="${words}" width="100%" height="20"><line class="track" x1="0" x2="100%" y1="10" y2="10"/>${gridLines}<line class="range ${way}" x1="${at(from)}" x2="${at(to)}" y1="10" y2="10"/><circle class="hollow ${way}" cx="${at(from)}" cy="10" r="5"/><circle class="dot ${way}" cx="${at(to)}" cy="10" r="6"/></svg>`;
      return row(task, `${difference < 0 ? "↓" : "↑"} ${points(difference)}`, drawing);
    });
  const more =
    different.length > mostPairs
      ? html`<p class="about">${different.length - mostPairs} tasks that differ less are in the table.</p>`
      : [];
  return html`<div class="chart">${rows}${percentAxis}<div class="legend"><span><i class="key hollow"></i>first</span><span><i class="key helped"></i>second, helped</span><span><i class="key hurt"></i>second, hurt</span></div></div>${more}`;
}
