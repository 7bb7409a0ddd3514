import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { unreachable } from "../base/errors.ts";
import type { Settings } from "../config/schema.ts";
import type { GateCheck } from "../evaluation/gates/verdict.ts";
import {
  type ContinuityReport,
  continuityOf,
  isBroken,
} from "../observability/continuity/continuity.ts";
import {
  type AuditSighting,
  auditIn,
  decisionsIn,
  linesIn,
  logIn,
  metricIn,
  type Place,
  places,
  spansIn,
} from "../observability/continuity/sightings.ts";
import { names } from "../observability/traces/names.ts";
import { placeOf } from "../observability/lineage/call-place.ts";
import type { Engine } from "./engine.ts";
import type { Host } from "./host.ts";
import { otlpOf, traceOf } from "./traces.ts";

export type { ContinuityReport };
export { isBroken, places as continuityPlaces, type Place as ContinuityPlace };

/** Ways to what each place says of a run, as anybody outside of the engine gets it. */
export interface ContinuityReaders {
  /** The record of one call; undefined where there is none. */
  decision(call: string): Promise<unknown>;
  /** The events of the run's log. */
  runLog(): Promise<readonly unknown[]>;
  /** The rows of the audit that are the run's. */
  audit(): Promise<readonly unknown[]>;
  /** All metrics, as OpenMetrics. */
  metric(): Promise<string>;
  /** The run's trace, as OpenTelemetry's protocol has it in JSON. */
  trace(): Promise<string>;
  /** The exported file, or why it is not known. */
  jsonl(): Promise<{ readonly text: string } | { readonly unknown: string }>;
  /** What a collector got, or why that is not known. */
  otlp(): Promise<{ readonly requests: readonly string[] } | { readonly unknown: string }>;
}

const begun = z.object({ callId: z.string(), state: z.literal("open") });
const named = z.object({ record: z.object({ callId: z.string(), logicalCallId: z.string() }) });

/**
 * Looks for the decisions of a run in every place.
 * @param wanted effects of which there must be a decision that is found everywhere
 */
export async function lookForDecisions(
  run: string,
  readers: ContinuityReaders,
  wanted: readonly string[] = [],
): Promise<ContinuityReport> {
  // Metrics and exports first settle what was not written yet.
  const metric = metricIn(await readers.metric());
  const items = await readers.audit();
  const audit = auditIn(items, run);
  const runLog = logIn(await readers.runLog());
  const ids = new Set([...audit.map(({ callId }: AuditSighting) => callId), ...runLog.keys()]);
  const records: unknown[] = [];
  for (const id of ids) records.push(await readers.decision(id));
  const jsonl = await readers.jsonl();
  const otlp = await readers.otlp();
  const seen = {
    metric,
    audit,
    run_log: runLog,
    decision: decisionsIn(records),
    trace: spansIn([await readers.trace()]),
    export_jsonl: "text" in jsonl ? linesIn(jsonl.text) : jsonl.unknown,
    export_otlp:
      "requests" in otlp
        ? spansIn(otlp.requests, (name) => name.startsWith("call "))
        : otlp.unknown,
    beside: besideIn(items),
    open: new Set(
      items.flatMap((item) => {
        const row = begun.safeParse(item).data;
        return row === undefined ? [] : [row.callId];
      }),
    ),
  };
  return continuityOf(run, seen, wanted);
}

/** Calls whose name says that they are no step of an agent. */
function besideIn(items: readonly unknown[]): ReadonlySet<string> {
  return new Set(
    items.flatMap((item) => {
      const { record } = named.safeParse(item).data ?? {};
      return record === undefined || placeOf(record, []) !== undefined ? [] : [record.callId];
    }),
  );
}

/**
 * The readers of a run that is in a store here.
 * @param run its whole id
 */
export function storeReaders(
  engine: Pick<Engine, "store" | "metrics" | "telemetry">,
  { telemetry }: Pick<Settings, "telemetry">,
  { host, run }: { readonly host: Pick<Host, "cwd">; readonly run: string },
): ContinuityReaders {
  const { store, metrics } = engine;
  const log = () => store.runLog.read(run);
  return {
    decision: async (call) => store.audit.find(call),
    runLog: async () => log(),
    audit: async () => {
      const items: unknown[] = [];
      let cursor: string | null = null;
      do {
        const page = store.audit.list({ runId: run, ...(cursor === null ? {} : { cursor }) });
        items.push(...page.items);
        cursor = page.nextCursor;
      } while (cursor !== null);
      return items;
    },
    metric: () => metrics.text("openmetrics"),
    trace: async () => otlpOf(traceOf(log())),
    jsonl: async () => {
      if (telemetry.jsonl === undefined) {
        return { unknown: "The settings name no telemetry.jsonl." };
      }
      await engine.telemetry.look();
      const path = resolve(host.cwd, telemetry.jsonl);
      return { text: existsSync(path) ? readFileSync(path, "utf8") : "" };
    },
    otlp: async () => ({
      unknown:
        telemetry.otlp === undefined
          ? "The settings name no telemetry.otlp."
          : `What it got only the collector can say: ${telemetry.otlp.url}.`,
    }),
  };
}

/**
 * The same readers, as if one place had no ids: shows that what is looked for would be missed there.
 * @param place which one
 */
export function cutIn(readers: ContinuityReaders, place: Place): ContinuityReaders {
  switch (place) {
    case "decision":
      return { ...readers, decision: async () => undefined };
    case "run_log":
      return { ...readers, runLog: async () => [] };
    case "audit":
      return { ...readers, audit: async () => [] };
    case "metric":
      return {
        ...readers,
        metric: async () => (await readers.metric()).replaceAll(/ # .*$/gm, ""),
      };
    case "trace":
      return {
        ...readers,
        trace: async () => (await readers.trace()).replaceAll(names.callId, "cut"),
      };
    case "export_jsonl":
      return { ...readers, jsonl: async () => ({ text: "" }) };
    case "export_otlp":
      return { ...readers, otlp: async () => ({ requests: [] }) };
    default:
      return unreachable(place);
  }
}

/** What a gate says of a report: a check that blocks for each place that lacks a decision. */
export function continuityChecks(report: ContinuityReport): readonly GateCheck[] {
  const { outcome, decisions, problems } = report;
  if (outcome === "met") return [check("decisions", "met", `${decisions.length} of a real run.`)];
  const broken = decisions.flatMap(({ call, effect, what, places: found }) =>
    found.filter(isBroken).map((one) => {
      const which = `${call} (${effect ?? "not known"}, ${what})`;
      return check(one.place, "missed", `The decision ${which}: ${one.outcome}. ${one.message}`);
    }),
  );
  return [...broken, ...problems.map((problem) => check("decisions", "missed", problem))];
}

/** The same where nothing could be looked for. */
export function unknownContinuity(why: string): readonly GateCheck[] {
  return [check("decisions", "unknown", why)];
}

function check(name: string, outcome: GateCheck["outcome"], message: string): GateCheck {
  return { kind: "continuity", name, condition: null, outcome, action: "block", message };
}
