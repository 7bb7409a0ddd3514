import { readFileSync } from "node:fs";

/** How much memory a process had at a moment. */
export interface MemorySample {
  /** Milliseconds since the load began. */
  readonly atMs: number;
  readonly megabytes: number;
}

/** Looks at a process once a second. Returns what it saw so far, and what ends it. */
export function watchMemory(pid: number): {
  readonly samples: readonly MemorySample[];
  stop(): void;
} {
  const samples: MemorySample[] = [];
  const began = performance.now();
  const timer = setInterval(() => {
    samples.push({ atMs: performance.now() - began, megabytes: residentMegabytes(pid) });
  }, 500);
  return { samples, stop: () => clearInterval(timer) };
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
 * median of the first. Collections of garbage move single samples by dozens of megabytes, medians of
 * many by few.
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
