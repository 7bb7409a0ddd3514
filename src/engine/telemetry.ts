import { join, resolve } from "node:path";
import { makeFolder } from "../base/disk.ts";
import { Agent33Error, toAgent33Error } from "../base/errors.ts";
import type { Principal } from "../base/principal.ts";
import type { Boundary } from "../boundary/boundary.ts";
import type { ConnectorSpec } from "../boundary/types.ts";
import type { Settings } from "../config/schema.ts";
import { engineCalls } from "../connectors/engine-calls.ts";
import { networkError } from "../connectors/http/errors.ts";
import { readBody } from "../connectors/http/body.ts";
import { refused } from "../connectors/http/exchange.ts";
import { urlFacts } from "../connectors/http/url-facts.ts";
import { createExporter, type Exporter, type Sink } from "../observability/export/exporter.ts";
import { appendRecords } from "../observability/export/jsonl-file.ts";
import { exportRecord } from "../observability/export/record.ts";
import { spansOf } from "../observability/export/spans.ts";
import type { FeedSource } from "../observability/feed/feed.ts";
import type { Gauges } from "../observability/metrics/exposition.ts";
import type { Span } from "../observability/traces/span.ts";
import { takeLock } from "../store/sqlite/use-lock.ts";
import type { Store } from "../store/store.ts";
import type { Audit } from "./audit.ts";
import { feedSource } from "./feed.ts";
import type { Host } from "./host.ts";
import { telemetryFolder } from "./metrics.ts";
import { otlpOf } from "./traces.ts";

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
/** Spans of one request. */
const spansAtOnce = 1_000;
/** A collector's word that a request is wrong in itself: it would say so again. */
const refusedForGood: ReadonlySet<number | undefined> = new Set([400, 413, 422]);

export function createTelemetry(parts: TelemetryParts): TelemetryExports {
  const { settings, opened, dataDir, host, audit } = parts;
  const { jsonl, otlp, onFailure } = settings;
  const source = feedSource(opened);
  const folder = join(dataDir, telemetryFolder);
  const sinks: readonly Sink[] = [
    ...(jsonl === undefined ? [] : [jsonlSink(resolve(host.cwd, jsonl))]),
    ...(otlp === undefined ? [] : [otlpSink(parts, otlp, source)]),
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

/** One exporter, a look at a time; after failures it waits longer and longer. */
function exportTask(exporter: Exporter, host: Host, signal: AbortSignal) {
  let running: Promise<void> | undefined;
  let failures = 0;
  let notBefore = 0;
  const now = (): Promise<void> => {
    running ??= exporter
      .look(signal)
      .then(
        () => {
          failures = 0;
        },
        (thrown: unknown) => {
          failures += 1;
          notBefore =
            host.clock.monotonic() + Math.min(mostWaitMs, everyMs * 2 ** Math.min(failures, 10));
          throw thrown;
        },
      )
      .finally(() => {
        running = undefined;
      });
    return running;
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

function jsonlSink(path: string): Sink {
  return {
    name: "jsonl",
    deliver: async (told, { bytes }) => {
      const records = told.map(exportRecord).filter((record) => record !== undefined);
      return { dropped: 0, bytes: appendRecords(path, records, bytes) };
    },
  };
}

type Otlp = NonNullable<Settings["telemetry"]["otlp"]>;

function otlpSink(parts: TelemetryParts, otlp: Otlp, source: FeedSource): Sink {
  const { host, boundary, principal } = parts;
  const headers = headersOf(otlp, host);
  const spec = otlpSpec(otlp.url, headers, () => host.clock.now());
  const send = async (spans: readonly Span[]): Promise<number> => {
    const outcome = await boundary()
      .connector(spec)
      .tryCall(await otlpOf(spans), { principal });
    if (outcome.ok) return 0;
    if (!refusedForGood.has(outcome.error.status)) throw outcome.error;
    host.warn(`telemetry.otlp: ${spans.length} spans were refused: ${outcome.error.message}`);
    return spans.length;
  };
  return {
    name: "otlp",
    deliver: async (told) => {
      let dropped = 0;
      let waiting: Span[] = [];
      for (const one of told) {
        const log = () =>
          one.kind === "call" ? Promise.resolve([]) : source.events(one.tenant, one.run.id, 1);
        waiting.push(...(await spansOf(one, log)));
        if (waiting.length < spansAtOnce) continue;
        dropped += await send(waiting);
        waiting = [];
      }
      if (waiting.length > 0) dropped += await send(waiting);
      return { dropped: Math.min(dropped, told.length) };
    },
  };
}

function otlpSpec(
  url: string,
  headers: Readonly<Record<string, string>>,
  now: () => number,
): ConnectorSpec<string, undefined> {
  const { host } = new URL(url);
  return {
    id: engineCalls.telemetry,
    facts: () => ({
      operation: "http.post",
      effect: "write",
      // Spans have the same ids whenever they are sent.
      repeat: "keyed",
      ...urlFacts(url),
    }),
    run: async (context) => {
      const response = await context.fetch(url, {
        method: "POST",
        redirect: "manual",
        headers: { ...headers, "content-type": "application/json" },
        body: context.input,
        signal: context.signal,
      });
      if (!response.ok) throw await refused(host, response, now(), {});
      await readBody(response, 64 * 1024);
      return undefined;
    },
    mapError: (error) => networkError(host, error),
    timeouts: { attemptMs: 10_000, totalMs: 20_000 },
    maxAttempts: 2,
  };
}

/** @throws Agent33Error `telemetry.missing_secret` */
function headersOf({ secretHeaders }: Otlp, host: Host): Readonly<Record<string, string>> {
  const entries = Object.entries(secretHeaders).map(([name, variable]) => {
    const value = host.env[variable];
    if (value !== undefined && value !== "") return [name, value] as const;
    throw new Agent33Error(
      "telemetry.missing_secret",
      `The header ${name} of telemetry.otlp has no value: ${variable} is not set.`,
      { hint: `Set ${variable}, or take the header out of telemetry.otlp.secretHeaders.` },
    );
  });
  return Object.fromEntries(entries);
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
