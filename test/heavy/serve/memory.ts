import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";

/** How much memory a process had at a moment, right after it had collected its garbage. */
export interface MemorySample {
  /** Milliseconds since the load began. */
  readonly atMs: number;
  readonly megabytes: number;
}

/** Milliseconds from one collection to the next. */
const collectEveryMs = 5_000;

/** What makes Node listen for `watchMemory`; it says where on standard error. */
export const inspected = { NODE_OPTIONS: "--inspect=127.0.0.1:0" } as const;

const isInspector =
  /^(Debugger (listening|attached|ending)|For help, see|Waiting for the debugger)/;

/** What a process complained of, without what its inspector says. */
export function withoutInspector(complaints: string): string {
  return complaints
    .split("\n")
    .filter((line) => !isInspector.test(line))
    .join("\n");
}

const replySchema = z.looseObject({ id: z.int().exactOptional() });

/** Tells a process to collect its garbage, by the DevTools protocol of its inspector. */
async function collector(complaints: string): Promise<{ collect(): Promise<void>; close(): void }> {
  const [, url] = /^Debugger listening on (ws:\S+)$/m.exec(complaints) ?? [];
  if (url === undefined) throw new Error(`no inspector listens: ${complaints}`);
  const socket = new WebSocket(url);
  await new Promise<void>((opened, failed) => {
    socket.addEventListener("open", () => opened());
    socket.addEventListener("error", () => failed(new Error(`nobody answers at ${url}`)));
  });
  let sent = 0;
  let done: (() => void) | undefined;
  socket.addEventListener("message", ({ data }) => {
    if (replySchema.parse(JSON.parse(String(data))).id === sent) done?.();
  });
  socket.addEventListener("close", () => done?.());
  return {
    collect: () =>
      new Promise((resolve) => {
        sent += 1;
        done = resolve;
        socket.send(JSON.stringify({ id: sent, method: "HeapProfiler.collectGarbage" }));
      }),
    close: () => socket.close(),
  };
}

export interface MemoryWatch {
  readonly samples: readonly MemorySample[];
  /** The most that was in memory at any look, with garbage. */
  most(): number;
  stop(): Promise<void>;
}

/**
 * Looks at what a process that was started `inspected` keeps: what is in memory once it has
 * collected its garbage. Without that the looks say how lazy the collector is: with 100 MB in use
 * its heap goes up and down by 400 MB.
 */
export async function watchMemory(pid: number, complaints: string): Promise<MemoryWatch> {
  const { collect, close } = await collector(complaints);
  const samples: MemorySample[] = [];
  const began = performance.now();
  const stopping = new AbortController();
  let most = 0;
  const looking = (async () => {
    while (!stopping.signal.aborted) {
      most = Math.max(most, residentMegabytes(pid));
      await collect();
      samples.push({ atMs: performance.now() - began, megabytes: residentMegabytes(pid) });
      // Stopping ends the wait.
      await delay(collectEveryMs, undefined, stopping).catch(() => undefined);
    }
  })();
  return {
    samples,
    most: () => most,
    stop: async () => {
      stopping.abort();
      await looking;
      close();
    },
  };
}

/** What of a process is in memory. */
export function residentMegabytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) / 1024;
}

/** Megabytes and the share of what there was by which memory may grow. */
export const allowedGrowth = { megabytes: 32, share: 0.1 } as const;

export interface Flatness {
  readonly warm: number;
  readonly end: number;
  /** Megabytes from which on it counts as grown. */
  readonly limit: number;
  readonly isFlat: boolean;
}

/**
 * Whether memory stayed flat: the median of the last fifth of the time after the warm-up against the
 * median of the first.
 */
export function flatness(samples: readonly MemorySample[], warmMs: number): Flatness {
  const warm = samples.filter(({ atMs }) => atMs >= warmMs);
  const fifth = Math.max(1, Math.floor(warm.length / 5));
  const first = median(warm.slice(0, fifth));
  const end = median(warm.slice(-fifth));
  const limit = first + Math.max(allowedGrowth.megabytes, first * allowedGrowth.share);
  return { warm: first, end, limit, isFlat: end <= limit };
}

function median(samples: readonly MemorySample[]): number {
  const sorted = samples.map(({ megabytes }) => megabytes).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
