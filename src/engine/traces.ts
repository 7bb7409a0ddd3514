import type { StoredEvent } from "../events/event.ts";
import type { Span } from "../observability/traces/span.ts";
import { spansOfLog } from "../observability/traces/spans-of-log.ts";

export type { Span };

/** What a run's log comes to as a trace: spans in the order of their beginnings. */
export function traceOf(log: readonly StoredEvent[]): readonly Span[] {
  return spansOfLog(log).toSorted((a, b) => a.start - b.start);
}

/** A trace as a request of the OpenTelemetry protocol, in JSON. */
export async function otlpOf(spans: readonly Span[]): Promise<string> {
  // The library is of use to few commands, and no other should wait for it.
  const { otlpJson } = await import("../observability/traces/otlp.ts");
  return otlpJson(spans);
}
