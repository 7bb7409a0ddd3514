import { type ChildProcess, fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent33Error } from "../src/base/errors.ts";
import { type FlagSetting, loadConfig } from "../src/config/config.ts";
import { createEngine, type Engine, thisHost } from "../src/engine.ts";
import { decideEffort, paidModel } from "../test/support/decisions.ts";
import { testGrant } from "../test/support/egress.ts";
import type { Survey } from "./benchmark.ts";
import { columnsOf, type FindingsTable } from "./results.ts";
import { median, percentile } from "./statistics.ts";

const amounts = {
  full: { calls: 4_000, decisions: 1_000 },
  quick: { calls: 100, decisions: 20 },
} as const;
/** Calls or decisions between two scrapes: more often than any Prometheus asks. */
const scrapeEvery = 500;
/** A tenth of a millisecond beside calls that take tens of them at least. */
const mostMicros = 100;
/** As an agent's calls do, those that wait for the store let others go on. */
const flushEvery = 50;

interface Way {
  readonly name: string;
  readonly scrapes: boolean;
  readonly jsonl: boolean;
  readonly otlp: boolean;
}
const nothing: Way = { name: "off", scrapes: false, jsonl: false, otlp: false };
const ways: readonly Way[] = [
  nothing,
  { ...nothing, name: "metrics", scrapes: true },
  { ...nothing, name: "file", jsonl: true },
  { ...nothing, name: "collector", otlp: true },
  { name: "all", scrapes: true, jsonl: true, otlp: true },
];

/** One reading of one way, all of it handed over. */
interface Reading {
  /** CPU of this process by the thing done, from the first to the end of the engine. */
  readonly cpuMicros: number;
  /** What who asks for one waits. */
  readonly waitMicros: readonly number[];
  /** Asking for the metrics once more, when nothing is new. */
  readonly scrapeMs: number;
}

type Work = (engine: Engine, at: number) => Promise<void> | void;

/** What telemetry costs, off and on. */
export const telemetrySurvey: Survey = {
  run: ({ rounds, quick, progress }) =>
    testGrant("a collector in a process of its own", { spawn: true }).run(async () => {
      const { calls, decisions } = amounts[quick ? "quick" : "full"];
      const collector = await startCollector();
      try {
        const measured = async (title: string, of: string, count: number, work: () => Work) => {
          const readings = new Map<Way, Reading[]>(ways.map((way) => [way, []]));
          // What is compiled and loaded at the first reading is no call's cost.
          for (const way of ways) await reading(way, collector, count, work());
          for (let round = 1; round <= rounds; round += 1) {
            // In turn, so that what else the machine does falls on all of them.
            for (const way of ways) {
              progress(`${title}: ${way.name}, round ${round} of ${rounds}`);
              readings.get(way)?.push(await reading(way, collector, count, work()));
            }
          }
          return tableOf(title, of, readings);
        };
        const byCall = await measured("A call that costs something", "telemetry", calls, () => {
          let model: ReturnType<typeof paidModel> | undefined;
          return async (engine, at) => {
            model ??= paidModel(engine);
            await model.call((at % 5_000) + 1, { principal, tier: "low" });
          };
        });
        const byDecision = await measured(
          "A decision on effort, with the run's beginning and end",
          "telemetry",
          decisions,
          () => {
            // The collector knows what it got by the ids of the runs.
            const mark = randomUUID();
            return (engine, at) => decideEffort(engine, `${mark}-${at}`);
          },
        );
        return {
          facts: [
            `${calls} calls and ${decisions} decisions a reading, each in a store of its own (SQLite, synchronous normal).`,
            `CPU time of the engine's process, from the first to its close, when all is handed over. The collector is a process of its own.`,
          ],
          tables: [byCall, byDecision],
          goals: [
            {
              what: "CPU µs more a call, with all of it on",
              better: "less" as const,
              goal: mostMicros,
              reached: byCall.rows.at(-1)?.figures["more"] ?? Number.NaN,
            },
          ],
          notes: [
            `metrics: asked for after every ${scrapeEvery}, and at the end; Prometheus asks every 15 s or so.`,
            "more than off: median over the rounds of the difference within one round.",
            "one scrape: asked for once more at the end, when nothing is new; wall time.",
          ],
        };
      } finally {
        collector.child.disconnect();
        await once(collector.child, "exit");
      }
    }),
};

const principal = { tenant: "default", user: "local" };

interface Collector {
  readonly child: ChildProcess;
  readonly url: string;
  /** Different spans that it has. */
  count(): Promise<number>;
}

async function startCollector(): Promise<Collector> {
  const child = fork(join(import.meta.dirname, "telemetry/collector-main.ts"));
  const [url] = (await once(child, "message")) as [string];
  return {
    child,
    url,
    count: async () => {
      const said = once(child, "message") as Promise<[number]>;
      child.send("count");
      const [spans] = await said;
      return spans;
    },
  };
}

async function reading(
  way: Way,
  collector: Collector,
  count: number,
  work: Work,
): Promise<Reading> {
  const folder = mkdtempSync(join(tmpdir(), "agent33-bench-"));
  try {
    const engine = engineIn(folder, way, collector.url);
    const spansBefore = await collector.count();
    const waitMicros: number[] = [];
    const before = process.cpuUsage();
    for (let at = 0; at < count; at += 1) {
      const began = performance.now();
      await work(engine, at);
      waitMicros.push((performance.now() - began) * 1_000);
      if (at % flushEvery === 0) {
        await engine.audit.flush();
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (way.scrapes && at % scrapeEvery === scrapeEvery - 1) await engine.metrics.text();
    }
    await engine.audit.settle(["default"]);
    await engine.telemetry.look();
    if (way.scrapes) await engine.metrics.text();
    const { user, system } = process.cpuUsage(before);
    const began = performance.now();
    if (way.scrapes) await engine.metrics.text();
    const scrapeMs = performance.now() - began;
    const closing = process.cpuUsage();
    await engine.close();
    const atEnd = process.cpuUsage(closing);
    const spans = (await collector.count()) - spansBefore;
    expectHandedOver(way, folder, count, spans);
    const cpu = user + system + atEnd.user + atEnd.system;
    return { cpuMicros: cpu / count, waitMicros, scrapeMs };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function engineIn(folder: string, way: Way, url: string): Engine {
  const flag = (setting: string, value: string | number): FlagSetting => ({
    setting,
    flag: `--${setting}`,
    value,
  });
  const config = loadConfig({
    cwd: folder,
    env: {},
    flags: [
      flag("store.synchronous", "normal"),
      // What looks after the store beside it would fall on whichever row is measured then.
      flag("backup.everyMinutes", 0),
      flag("store.checkEveryHours", 0),
      ...(way.jsonl ? [flag("telemetry.jsonl", "told.jsonl")] : []),
      ...(way.otlp ? [flag("telemetry.otlp.url", url)] : []),
    ],
  });
  return createEngine(config, { ...thisHost({}), cwd: folder });
}

/** @throws Agent33Error `bench.unfair` */
function expectHandedOver(way: Way, folder: string, count: number, spans: number): void {
  const lines = way.jsonl
    ? readFileSync(join(folder, "told.jsonl"), "utf8").split("\n").length - 1
    : undefined;
  if ((lines ?? count) >= count && (!way.otlp || spans >= count)) return;
  throw new Agent33Error(
    "bench.unfair",
    `Of ${count}, ${String(lines ?? "none")} came to the file and ${spans} spans to the collector.`,
  );
}

function tableOf(
  title: string,
  of: string,
  readings: ReadonlyMap<Way, readonly Reading[]>,
): FindingsTable {
  const base = readings.get(nothing) ?? [];
  return {
    title,
    of,
    columns: columnsOf({
      cpu: "CPU µs, median",
      more: "more than off",
      p50: "wait µs, p50",
      p99: "p99",
      scrape: "one scrape, ms",
    }),
    rows: [...readings].map(([way, own]) => {
      const waits = own.flatMap(({ waitMicros }) => waitMicros);
      const differences = own.map(
        ({ cpuMicros }, round) => cpuMicros - (base[round]?.cpuMicros ?? Number.NaN),
      );
      return {
        name: way.name,
        figures: {
          cpu: median(own.map(({ cpuMicros }) => cpuMicros)),
          ...(way === nothing ? {} : { more: median(differences) }),
          p50: median(waits),
          p99: percentile(waits, 0.99),
          ...(way.scrapes ? { scrape: median(own.map(({ scrapeMs }) => scrapeMs)) } : {}),
        },
      };
    }),
  };
}
