import { type HrTime, SpanKind, SpanStatusCode, TraceFlags } from "@opentelemetry/api";
import { JsonTraceSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { Attributes, Span } from "./span.ts";

/** What the conventions call this program. */
const scope = { name: "agent33" };
const resource = resourceFromAttributes({ "service.name": "agent33" });

/**
 * Spans as a request of the OpenTelemetry protocol in JSON, as a collector takes it at `/v1/traces`
 * and as files of traces hold it, a line each.
 */
export function otlpJson(spans: readonly Span[]): string {
  const bytes = JsonTraceSerializer.serializeRequest(spans.map(readable));
  return new TextDecoder().decode(bytes);
}

function readable(span: Span): ReadableSpan {
  const { traceId, spanId, parentId, start, end } = span;
  const context = (id: string) => ({ traceId, spanId: id, traceFlags: TraceFlags.SAMPLED });
  const startTime = timeOf(start);
  const endTime = timeOf(Math.max(start, end));
  return {
    name: span.name,
    kind: span.kind === "client" ? SpanKind.CLIENT : SpanKind.INTERNAL,
    spanContext: () => context(spanId),
    ...(parentId === undefined ? {} : { parentSpanContext: context(parentId) }),
    startTime,
    endTime,
    duration: timeOf(Math.max(0, end - start)),
    ended: true,
    status:
      span.error === undefined
        ? { code: SpanStatusCode.UNSET }
        : { code: SpanStatusCode.ERROR, message: span.error },
    attributes: mutable(span.attributes),
    links: [],
    events: span.events.map(({ name, at, attributes }) => ({
      name,
      time: timeOf(at),
      attributes: mutable(attributes),
    })),
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** The library's own type has lists that can be changed. */
function mutable(attributes: Attributes): ReadableSpan["attributes"] {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      typeof value === "object" ? [...value] : value,
    ]),
  );
}

/** Seconds and nanoseconds. */
function timeOf(milliseconds: number): HrTime {
  const seconds = Math.floor(milliseconds / 1000);
  return [seconds, Math.round((milliseconds - seconds * 1000) * 1_000_000)];
}
