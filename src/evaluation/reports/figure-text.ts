import { formatMicroUsd } from "../../base/money.ts";
import type { Figure } from "../statistics/absence.ts";
import type { Interval } from "../statistics/intervals.ts";

/** What stands where there is no figure. */
export const noFigure = "–";

/** A share in per cent. */
export function percentText(figure: Figure): string {
  return figure.ok ? percent(figure.value) : noFigure;
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** A difference of shares, in percentage points, with its sign. */
export function points(difference: number): string {
  const shown = (100 * difference).toFixed(1);
  // What rounds to nothing has no sign.
  if (Number(shown) === 0) return "0.0 pp";
  return `${difference > 0 ? "+" : "−"}${shown.replace("-", "")} pp`;
}

/**
 * An interval of shares. Of few tasks Student's t reaches beyond what a share can be: what is shown
 * ends there.
 */
export function intervalText(figure: Figure<Interval>): string {
  return figure.ok ? between(figure.value, 0, percent) : noFigure;
}

/** An interval of differences of shares, which ends where these end, too. */
export function differenceText(figure: Figure<Interval>): string {
  return figure.ok ? between(figure.value, -1, points) : noFigure;
}

function between({ low, high }: Interval, least: number, show: (share: number) => string): string {
  return `${show(Math.max(low, least))} to ${show(Math.min(high, 1))}`;
}

/** A chance, with as many digits as matter. */
export function chance(p: number): string {
  return p < 0.0001 ? "< 0.0001" : p.toPrecision(2);
}

export function moneyText(figure: Figure): string {
  if (!figure.ok) return noFigure;
  // Of dollars, parts of a cent are noise.
  const grain = figure.value >= 1_000_000 ? 10_000 : 1;
  return formatMicroUsd(Math.round(figure.value / grain) * grain);
}

/** @param figure milliseconds */
export function timeText(figure: Figure): string {
  return figure.ok ? duration(figure.value) : noFigure;
}

export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1_000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
