import { join, resolve } from "node:path";
import { makeFolder } from "../base/disk.ts";
import { Agent33Error, toAgent33Error } from "../base/errors.ts";
import type { Principal } from "../base/principal.ts";
import type { Boundary } from "../boundary/boundary.ts";
import { isBoundaryError } from "../boundary/errors.ts";
import type { Settings } from "../config/schema.ts";
import { engineCalls } from "../connectors/engine-calls.ts";
import { createExporter, type Exporter, type Sink } from "../observability/export/exporter.ts";
import { appendRecords, lengthOf, moveRecords } from "../observability/export/jsonl-file.ts";
import { exportRecord } from "../observability/export/record.ts";
import type { FeedSource, Place } from "../observability/feed/feed.ts";
import type { Gauges } from "../observability/metrics/exposition.ts";
import { takeLock } from "../store/sqlite/use-lock.ts";
import type { Store } from "../store/store.ts";
import type { Audit } from "./audit.ts";
import { feedSource } from "./feed.ts";
import type { Host } from "./host.ts";
import { telemetryFolder } from "./metrics.ts";
import { otlpSink } from "./telemetry-otlp.ts";

/** What happens is handed over to others as it happens: to a file, and to a collector. */
export interface TelemetryExports {
  /** Hands over what there is. @throws the first failure */
  look(): Promise<void>;
  /**
   * Where nothing may go on unseen, that all was handed over.
   * @throws Agent33Error `telemetry.behind`
   */
  check(): Promise<void>;
  /** How each export stands. */
  gauges(): Promise<Gauges>;
  /** How far each export has come: what is behind it is handed over. */
  places(): readonly Place[];
  /**
   * Puts the file under another name, so that a new one begins with what is handed over next.
   * @param name of what the file becomes, by its present path
   * @returns where it is now; undefined where there is none, or another process is at it
   */
  rotate(name: (path: string) => string): string | undefined;
  close(): Promise<void>;
}

export interface TelemetryParts {
  readonly settings: Settings["telemetry"];
  readonly opened: Store;
  readonly dataDir: string;
  readonly host: Host;
  readonly audit: Pick<Audit, "settle">;
  readonly boundary: () => Boundary;
  readonly principal: Principal;
}

const everyMs = 1_000;
const mostWaitMs = 60_000;
/** An engine that closes waits no longer than this for a collector. */
const atEndMs = 10_000;
/** A collector that asks for a longer wait than this is asked again all the same. */
const mostAskedMs = 3_600_000;

export function createTelemetry(parts: TelemetryParts): TelemetryExports {
  const { settings, opened, dataDir, host, audit } = parts;
  const { jsonl, otlp, onFailure } = settings;
  const source = feedSource(opened);
  const folder = join(dataDir, telemetryFolder);
  const sinks: readonly Sink[] = [
    ...(jsonl === undefined ? [] : [jsonlSink(resolve(host.cwd, jsonl))]),
    ...(otlp === undefined ? [] : [otlpSink({ ...parts, otlp, source })]),
  ];
  if (sinks.length > 0) makeFolder(folder);
  const exporters = sinks.map((sink) =>
    createExporter({
      sink,
      source,
      path: join(folder, `${sink.name}.json`),
      mark: String(host.pid),
      isTold: (told) => told.kind === "event" || told.call.connector !== engineCalls.telemetry,
      alone: () => takeLock(join(folder, `${sink.name}.lock`), "alone", 0)?.release,
    }),
  );

  const ending = new AbortController();
  const tasks = exporters.map((exporter) => exportTask(exporter, host, ending.signal));
  const timer =
    tasks.length === 0
      ? undefined
      : setInterval(() => {
          for (const task of tasks) void task.whenDue();
        }, everyMs).unref();
  const all = async (): Promise<void> => {
    await audit.settle([]);
    for (const result of await Promise.allSettled(tasks.map((task) => task.now()))) {
      if (result.status === "rejected") throw result.reason;
    }
  };

  return {
    look: all,
    check: async () => {
      if (onFailure === "open") return;
      try {
        await all();
      } catch (thrown) {
        const { code, message } = toAgent33Error(thrown);
        throw new Agent33Error(
          "telemetry.behind",
          `Telemetry cannot be handed over, and nothing goes on unseen: ${code}: ${message}`,
          {
            hint: "Mend the file or the collector that telemetry.jsonl and telemetry.otlp name; or set telemetry.onFailure to open, then work goes on and telemetry is handed over later.",
            retryable: true,
            cause: thrown,
          },
        );
      }
    },
    places: () => exporters.map((exporter) => exporter.place().place),
    rotate: (name) => {
      const path = jsonl === undefined ? undefined : resolve(host.cwd, jsonl);
      const exporter = exporters.find((one) => one.name === "jsonl");
      const lock = takeLock(join(folder, "jsonl.lock"), "alone", 0);
      if (path === undefined || exporter === undefined || lock === undefined) {
        lock?.release();
        return undefined;
      }
      try {
        return moveRecords(path, exporter.place().bytes, name(path));
      } finally {
        lock.release();
      }
    },
    gauges: async () => gaugesOf(exporters, source, opened, host),
    close: async () => {
      clearInterval(timer);
      if (tasks.length === 0) return;
      const late = setTimeout(() => ending.abort(), atEndMs).unref();
      try {
        await all();
      } catch (thrown) {
        const { code, message } = toAgent33Error(thrown);
        host.warn(`telemetry: ${code}: ${message} The rest is handed over by the next process.`);
      } finally {
        clearTimeout(late);
      }
    },
  };
}

/**
 * One exporter, a look at a time; after failures it waits longer and longer, and for as long as the
 * other side asked (Retry-After) nobody can make it ask again.
 */
function exportTask(exporter: Exporter, host: Host, signal: AbortSignal) {
  let running: Promise<void> | undefined;
  let failures = 0;
  let notBefore = 0;
  let asked: { readonly untilMs: number; readonly error: unknown } | undefined;
  const now = async (): Promise<void> => {
    if (asked !== undefined && host.clock.monotonic() < asked.untilMs) throw asked.error;
    running ??= exporter
      .look(signal)
      .then(
        () => {
          failures = 0;
          asked = undefined;
        },
        (thrown: unknown) => {
          failures += 1;
          const waitMs = Math.min(mostWaitMs, everyMs * 2 ** Math.min(failures, 10));
          const askedMs = Math.min(mostAskedMs, askedWaitMs(thrown));
          const at = host.clock.monotonic();
          notBefore = at + Math.max(waitMs, askedMs);
          asked = askedMs === 0 ? undefined : { untilMs: at + askedMs, error: thrown };
          throw thrown;
        },
      )
      .finally(() => {
        running = undefined;
      });
    await running;
  };
  return {
    now,
    whenDue: async (): Promise<void> => {
      if (running !== undefined || host.clock.monotonic() < notBefore) return;
      try {
        await now();
      } catch (thrown) {
        const { code, message } = toAgent33Error(thrown);
        // Said once for each time that it goes wrong anew.
        if (failures === 1) host.warn(`telemetry.${exporter.name}: ${code}: ${message}`);
      }
    },
  };
}

/** How long the collector asked to wait; what our own limits and breakers ask for is not its word. */
function askedWaitMs(thrown: unknown): number {
  if (!isBoundaryError(thrown) || thrown.status === undefined) return 0;
  return thrown.retryAfterMs ?? 0;
}

function jsonlSink(path: string): Sink {
  return {
    name: "jsonl",
    length: () => lengthOf(path),
    deliver: async (told, { bytes }) => {
      const records = told.map(exportRecord).filter((record) => record !== undefined);
      return { dropped: 0, bytes: appendRecords(path, records, bytes) };
    },
  };
}

async function gaugesOf(
  exporters: readonly Exporter[],
  source: FeedSource,
  opened: Store,
  host: Host,
): Promise<Gauges> {
  const samples = await Promise.all(
    exporters.map(async (exporter) => {
      const { place, exported, dropped, failures } = exporter.place();
      let calls = 0;
      let oldest = host.clock.now();
      for (const tenant of await source.tenants()) {
        const chain = opened.backend.tenant(tenant).auditChain;
        const after = place[tenant]?.calls ?? 0;
        const end = await chain.end();
        if (end === undefined || end.position <= after) continue;
        calls += end.position - after;
        const [first] = await chain.entries({ after, limit: 1 });
        oldest = Math.min(oldest, first?.link.at ?? oldest);
      }
      const seconds = (host.clock.now() - oldest) / 1000;
      return { labels: { sink: exporter.name }, exported, dropped, failures, calls, seconds };
    }),
  );
  const of = (word: "exported" | "dropped" | "failures" | "calls" | "seconds") =>
    samples.map(({ labels, [word]: value }) => ({ labels, value }));
  return {
    agent33_telemetry_exported_total: of("exported"),
    agent33_telemetry_dropped_total: of("dropped"),
    agent33_telemetry_failures_total: of("failures"),
    agent33_telemetry_lag_calls: of("calls"),
    agent33_telemetry_lag_seconds: of("seconds"),
  };
}
