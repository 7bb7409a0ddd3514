import { sha256 } from "../../base/digest.ts";

export type AttributeValue = string | number | boolean | readonly string[];
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** Something that happened at one moment of a span. Times are milliseconds since the Unix epoch. */
export interface SpanEvent {
  readonly name: string;
  readonly at: number;
  readonly attributes: Attributes;
}

/** Something that took a while, in the sense of OpenTelemetry. Times are milliseconds since the Unix epoch. */
export interface Span {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly parentId: string | undefined;
  readonly name: string;
  readonly kind: "internal" | "client";
  readonly start: number;
  readonly end: number;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  /** The code of what went wrong; undefined where nothing did. */
  readonly error: string | undefined;
}

/** The trace of a run: the same whenever it is made, so that what is sent twice is one. */
export function traceIdOf(runId: string): string {
  return sha256(`trace/${runId}`).slice(0, 32);
}

/** @param place what the span is in its run: `agent`, `turn 3` */
export function spanIdOf(runId: string, place: string): string {
  return sha256(`span/${runId}/${place}`).slice(0, 16);
}

/** Attributes without those that are not known. */
export function given(
  attributes: Readonly<Record<string, AttributeValue | null | undefined>>,
): Attributes {
  const entries = Object.entries(attributes).flatMap(
    ([name, value]): readonly (readonly [string, AttributeValue])[] =>
      value === null || value === undefined ? [] : [[name, value]],
  );
  return Object.fromEntries(entries);
}
