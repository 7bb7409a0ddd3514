import { z } from "zod";
import { names } from "../traces/names.ts";

/** Where the id of a decision has to be found. */
export const places = [
  "decision",
  "run_log",
  "audit",
  "metric",
  "trace",
  "export_jsonl",
  "export_otlp",
] as const;
export type Place = (typeof places)[number];

/** What one place says of a decision; null for what it does not say. */
export interface Sighting {
  readonly effect: string | null;
  readonly rule: string | null;
}

/** What a place says of decisions, by the id of their call. */
export type Sightings = ReadonlyMap<string, Sighting>;

/** One sample of a metric that names a call. */
export interface MetricSighting {
  readonly call: string;
  readonly labels: Readonly<Record<string, string>>;
}

const decision = z.object({ effect: z.string(), ruleId: z.string() });
const sighting = ({ effect, ruleId }: z.infer<typeof decision>): Sighting => ({
  effect,
  rule: ruleId,
});

const recordSchema = z.object({ record: z.object({ callId: z.string(), decision }) });

/** @param answers records of single calls, as `audit show --json` and `/v1/audit/calls/ID` give them */
export function decisionsIn(answers: readonly unknown[]): Sightings {
  return new Map(
    answers.flatMap((answer) => {
      const { record } = recordSchema.safeParse(answer).data ?? {};
      return record === undefined ? [] : [[record.callId, sighting(record.decision)] as const];
    }),
  );
}

const entrySchema = z.object({
  callId: z.string(),
  runId: z.string().nullable(),
  connector: z.string(),
  operation: z.string(),
  decision: z.string(),
  ruleId: z.string(),
  outcome: z.string(),
});
/** A row of the audit's list. */
export type AuditSighting = z.infer<typeof entrySchema>;

/** @param items as `audit list --json` and `/v1/audit` give them */
export function auditIn(items: readonly unknown[], run: string): readonly AuditSighting[] {
  return items.flatMap((item) => {
    const entry = entrySchema.safeParse(item).data;
    return entry === undefined || entry.runId !== run ? [] : [entry];
  });
}

const eventSchema = z.object({ callId: z.string(), decision: decision.nullable().optional() });

/** @param events of a run's log, as the API tells them */
export function logIn(events: readonly unknown[]): Sightings {
  return new Map(
    events.flatMap((event) => {
      const { callId, decision: said } = eventSchema.safeParse(event).data ?? {};
      if (callId === undefined) return [];
      const none = { effect: null, rule: null };
      return [[callId, said === undefined || said === null ? none : sighting(said)] as const];
    }),
  );
}

const sample = /^agent33_calls_total\{(?<labels>.*)\} \S+ # \{(?<example>[^}]*)\}/;

/** @param text of the metrics as OpenMetrics; each series of calls names its newest call */
export function metricIn(text: string): readonly MetricSighting[] {
  return text.split("\n").flatMap((line) => {
    const { labels, example } = sample.exec(line)?.groups ?? {};
    if (labels === undefined || example === undefined) return [];
    const { call_id: call } = pairsOf(example);
    return call === undefined ? [] : [{ call, labels: pairsOf(labels) }];
  });
}

function pairsOf(text: string): Readonly<Record<string, string>> {
  const pairs = text.matchAll(/(?<name>\w+)="(?<value>(?:[^"\\]|\\.)*)"/g);
  return Object.fromEntries(
    [...pairs].map(({ groups }) => [groups?.["name"] ?? "", groups?.["value"] ?? ""]),
  );
}

const attributesSchema = z.array(
  z.object({ key: z.string(), value: z.object({ stringValue: z.string().optional() }) }),
);

const otlpSchema = z.object({
  resourceSpans: z.array(
    z.object({
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              name: z.string(),
              attributes: attributesSchema,
              // What an agent met besides its calls: a question to a person, a model that fell out.
              events: z.array(z.object({ attributes: attributesSchema })).default([]),
            }),
          ),
        }),
      ),
    }),
  ),
});

/**
 * @param requests of OpenTelemetry's protocol, in JSON
 * @param isMeant by the name of a span
 */
export function spansIn(
  requests: readonly string[],
  isMeant: (name: string) => boolean = () => true,
): Sightings {
  const found = new Map<string, Sighting>();
  for (const request of requests) {
    const { resourceSpans = [] } = otlpSchema.safeParse(jsonOf(request)).data ?? {};
    const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((one) => one.spans));
    for (const { name, attributes, events } of spans) {
      if (!isMeant(name)) continue;
      for (const own of [attributes, ...events.map((event) => event.attributes)]) {
        const of = (key: string) => own.find((one) => one.key === key)?.value.stringValue;
        const call = of(names.callId);
        if (call === undefined) continue;
        const [effect, rule] = [of(names.decision) ?? null, of(names.decisionRule) ?? null];
        found.set(call, { effect, rule });
      }
    }
  }
  return found;
}

const lineSchema = z.object({
  id: z.string(),
  type: z.literal("call"),
  decision: z.string(),
  rule: z.string(),
});

/** @param text of the file that `telemetry.jsonl` names */
export function linesIn(text: string): Sightings {
  return new Map(
    text.split("\n").flatMap((line) => {
      const { id, decision: effect, rule = "" } = lineSchema.safeParse(jsonOf(line)).data ?? {};
      return id === undefined || effect === undefined ? [] : [[id, { effect, rule }] as const];
    }),
  );
}

/** Undefined for what is no JSON: it names nothing. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
