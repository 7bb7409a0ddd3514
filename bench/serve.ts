import type { Progress, Survey } from "./benchmark.ts";
import { columnsOf, type FindingsTable } from "./results.ts";
import {
  askFor,
  type Kind,
  type Question,
  type Reading,
  type Running,
  startKind,
  startPeer,
} from "./serve/contenders.ts";
import { median, percentile } from "./statistics.ts";

/** Milliseconds that each server is asked in each round. */
const lengthMs = { full: 2_000, quick: 150 } as const;

const kinds: readonly Kind[] = [
  { name: "bare hono, no key, no store", kind: "bare", auth: false, metrics: false },
  { name: "agent33, key", kind: "ours", auth: true, metrics: false },
  { name: "agent33, no key", kind: "ours", auth: false, metrics: false },
  { name: "agent33, key, metrics and exports", kind: "ours", auth: true, metrics: true },
  { name: "agent33, no key, metrics and exports", kind: "ours", auth: false, metrics: true },
];

const questions: Readonly<Record<string, Question>> = {
  "A small read: GET /v1/runs/{id}": {
    method: "GET",
    path: (run) => `/v1/runs/${run}`,
    has: '"state":"queued"',
  },
  "A governed call of another server: POST /v1/models/check": {
    method: "POST",
    path: () => "/v1/models/check",
    body: { names: ["openai-compatible:small"] },
    has: '"ok":true',
  },
};

/** What the service adds to a request: proof of who asks, rights, limits, the chain, the audit. */
export const serveSurvey: Survey = {
  run: async ({ rounds, quick, progress }) => {
    const peer = await startPeer();
    const servers: { readonly kind: Kind; readonly running: Running }[] = [];
    try {
      for (const kind of kinds) {
        progress(`starting ${kind.name}`);
        servers.push({ kind, running: await startKind(kind, peer.url) });
      }
      const tables: FindingsTable[] = [];
      for (const [title, question] of Object.entries(questions)) {
        const readings = await askAll(servers, question, { rounds, quick, progress, title });
        tables.push(tableOf(title, readings));
      }
      return {
        facts: [
          "Each server is a process of its own with a store of its own, as a first start makes it. 16 clients of one other process ask, each as soon as it has its answer.",
          "Servers are asked in turns, round after round; the middle of the rounds is shown.",
        ],
        tables,
        goals: [],
        notes: [
          "Bare hono: the same server library and router; it answers from memory, and its governed call is undici's request to the same peer without anything around it.",
          "Metrics and exports: each call goes to a file and to a collector on this machine, and metrics are read once a second.",
          "A governed call has four rows of the audit's journal on the disk: what was asked of the API and the call itself, each before and after.",
        ],
      };
    } finally {
      for (const { running } of servers) await running.close();
      peer.close();
    }
  },
};

async function askAll(
  servers: readonly { readonly kind: Kind; readonly running: Running }[],
  question: Question,
  options: {
    readonly rounds: number;
    readonly quick: boolean;
    readonly progress: Progress;
    readonly title: string;
  },
): Promise<ReadonlyMap<string, readonly Reading[]>> {
  const ms = lengthMs[options.quick ? "quick" : "full"];
  const readings = new Map<string, Reading[]>(servers.map(({ kind }) => [kind.name, []]));
  for (const { running } of servers) await askFor(ms, running, question);
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const { kind, running } of servers) {
      options.progress(`${options.title}, round ${round}: ${kind.name}`);
      readings.get(kind.name)?.push(await askFor(ms, running, question));
    }
  }
  return readings;
}

function tableOf(title: string, readings: ReadonlyMap<string, readonly Reading[]>): FindingsTable {
  const middle = (all: readonly Reading[], of: (reading: Reading) => number) => median(all.map(of));
  return {
    title,
    of: "server",
    columns: columnsOf({
      perSecond: "requests a second",
      p50: "p50, ms",
      p99: "p99, ms",
      cpu: "CPU µs of the server",
    }),
    rows: [...readings].map(([name, all]) => ({
      name,
      figures: {
        perSecond: middle(all, ({ perSecond }) => perSecond),
        p50: middle(all, ({ times }) => percentile(times, 0.5)),
        p99: middle(all, ({ times }) => percentile(times, 0.99)),
        cpu: middle(all, ({ cpuMicros }) => cpuMicros),
      },
    })),
  };
}
