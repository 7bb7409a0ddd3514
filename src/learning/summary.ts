import { Agent33Error } from "../base/errors.ts";
import type { Severity } from "./severity.ts";
import type { SignalType } from "./signal.ts";

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;
export const weekMs = 7 * dayMs;
/** 1 January 1970 was a Thursday; weeks begin on Mondays (ISO 8601). */
const thursday = 3 * dayMs;

const defaultDays = 30;
const maxDays = 3660;

/** What a summary can be looked at by. */
export const summaryDimensions = ["day", "week", "type", "severity", "source"] as const;
export type SummaryDimension = (typeof summaryDimensions)[number];

/** Which signals to sum up: those of the last days and hours, together. Default 30 days. */
export interface SummaryRequest {
  readonly days?: number;
  readonly hours?: number;
  /** Milliseconds since the Unix epoch; the clock's time by default. */
  readonly now?: number;
  /** `week` makes the series one of weeks; otherwise it is one of days. */
  readonly by?: SummaryDimension;
}

/** From `from` on, up to and without `to`. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** Part of a window that is made of whole hours or of whole days. */
export interface Span extends Window {
  readonly grain: "hour" | "day";
}

export interface SignalCount {
  /** Signals that were recorded. */
  readonly signals: number;
  /** How often something was seen: signals and their repeats. */
  readonly occurrences: number;
}

export interface SourceCount extends SignalCount {
  readonly source: string;
}

/** A day or week of a series, cut to the window. */
export interface Bucket extends Window {
  /** Where the day or week begins, which may be before `from`. */
  readonly start: number;
  /** The day (`2026-08-01`) or ISO week (`2026-W31`), in UTC. */
  readonly label: string;
}

export interface SummaryTotals extends Window {
  readonly total: number;
  readonly occurrences: number;
}

/** What was signalled in a window. Nothing in it is cut off by a limit but the list of sources. */
export interface SignalSummary extends SummaryTotals {
  /** Mean score of the signals, three decimals; null where there are none. */
  readonly averageQuality: number | null;
  /** Signals whose quality is high. */
  readonly highQuality: number;
  readonly byType: Readonly<Record<SignalType, SignalCount>>;
  readonly bySeverity: Readonly<Record<Severity, SignalCount>>;
  /** The sources with the most signals, most first, and all the rest in one. */
  readonly bySource: { readonly top: readonly SourceCount[]; readonly other: SignalCount };
  readonly seriesBy: "day" | "week";
  /** Every day or week of the window, those without a signal too. */
  readonly series: readonly (Bucket & SignalCount)[];
  /** The window of the same length before this one. */
  readonly previous: SummaryTotals;
  readonly trend: Trend;
}

/** How the number of signals changed from the window before. */
export interface Trend {
  readonly delta: number;
  readonly direction: "up" | "down" | "stable";
}

/**
 * The window that ends with the current hour, so that the newest signals are in it, and begins
 * whole hours before.
 * @throws Agent33Error `learning.bad_window`
 */
export function windowOf(request: SummaryRequest, now: number): Window {
  const { days, hours } = request;
  const asked = days !== undefined || hours !== undefined;
  const length = asked ? (days ?? 0) * 24 + (hours ?? 0) : defaultDays * 24;
  const whole = [days ?? 0, hours ?? 0].every((part) => Number.isSafeInteger(part) && part >= 0);
  if (!whole || length === 0 || length > maxDays * 24) throw badWindow(days, hours);
  const to = (Math.floor(now / hourMs) + 1) * hourMs;
  return { from: to - length * hourMs, to };
}

/** The window of the same length that ends where this one begins. */
export function windowBefore({ from, to }: Window): Window {
  return { from: from - (to - from), to: from };
}

/** The window as whole days and, where it begins or ends within a day, the hours at its edges. */
export function spansOf({ from, to }: Window): readonly Span[] {
  const firstDay = Math.ceil(from / dayMs) * dayMs;
  const lastDay = Math.floor(to / dayMs) * dayMs;
  if (firstDay >= lastDay) return [{ grain: "hour", from, to }];
  const spans: readonly Span[] = [
    { grain: "hour", from, to: firstDay },
    { grain: "day", from: firstDay, to: lastDay },
    { grain: "hour", from: lastDay, to },
  ];
  return spans.filter((span) => span.from < span.to);
}

/** The start of the hour or day (UTC) that a time is in. */
export function bucketStart(at: number, grain: Span["grain"]): number {
  const length = grain === "hour" ? hourMs : dayMs;
  return Math.floor(at / length) * length;
}

/** All days or weeks that a window touches, in order, cut to it. */
export function bucketsOf({ from, to }: Window, by: "day" | "week"): readonly Bucket[] {
  const length = by === "day" ? dayMs : weekMs;
  const offset = by === "day" ? 0 : thursday;
  const first = Math.floor((from + offset) / length) * length - offset;
  const buckets: Bucket[] = [];
  for (let start = first; start < to; start += length) {
    const label = by === "day" ? isoDay(start) : isoWeek(start);
    const cut = { from: Math.max(start, from), to: Math.min(start + length, to) };
    buckets.push({ label, start, ...cut });
  }
  return buckets;
}

/** @param before signals in the window before, @param now signals in this one */
export function trendOf(before: number, now: number): Trend {
  const delta = now - before;
  return { delta, direction: delta > 0 ? "up" : delta < 0 ? "down" : "stable" };
}

/** A summary as rows of one dimension, for tables. */
export function summaryRows(
  summary: SignalSummary,
  by: SummaryDimension,
): readonly ({ readonly key: string } & SignalCount)[] {
  switch (by) {
    case "type":
      return Object.entries(summary.byType).map(([key, count]) => ({ key, ...count }));
    case "severity":
      return Object.entries(summary.bySeverity).map(([key, count]) => ({ key, ...count }));
    case "source": {
      const { top, other } = summary.bySource;
      const rows = top.map(({ source, ...count }) => ({ key: source, ...count }));
      return other.occurrences === 0 ? rows : [...rows, { key: "(other)", ...other }];
    }
    case "day":
    case "week":
      return summary.series.map(({ label, signals, occurrences }) => ({
        key: label,
        signals,
        occurrences,
      }));
  }
}

function isoDay(start: number): string {
  return new Date(start).toISOString().slice(0, 10);
}

/** A week belongs to the year that its Thursday is in (ISO 8601). */
function isoWeek(monday: number): string {
  const middle = monday + thursday;
  const year = new Date(middle).getUTCFullYear();
  const week = Math.floor((middle - Date.UTC(year, 0, 1)) / weekMs) + 1;
  return `${year}-W${String(week).padStart(2, "0")}`;
}

function badWindow(days: number | undefined, hours: number | undefined): Agent33Error {
  const asked = [
    ...(days === undefined ? [] : [`${days} days`]),
    ...(hours === undefined ? [] : [`${hours} hours`]),
  ].join(" and ");
  return new Agent33Error("learning.bad_window", `There is no summary of the last ${asked}.`, {
    hint: `Give whole days or hours, from 1 hour to ${maxDays} days.`,
    details: { days: days ?? null, hours: hours ?? null },
  });
}
