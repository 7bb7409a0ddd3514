import { setImmediate } from "node:timers/promises";
import { GCProfiler } from "node:v8";
import type { Candidate, Progress } from "./benchmark.ts";
import type { Timing } from "./results.ts";
import { median, percentile } from "./statistics.ts";

/** Calls in flight at once in the concurrent rounds. */
export const callsInFlight = 64;

const warmUpMs = 300;
const batchMs = 60;
const sampleMs = 30;
const maxSamplesARound = 2_000;
const bytesPerBatch = 48 * 1024 * 1024;
const bytesBatches = 5;
/** A batch for counting bytes may take this many times as long as one for timing. */
const bytesBatchTimes = 8;

/**
 * Empties the young generation. A major collection would also throw away machine code and shapes
 * of objects that no candidate but the coming one uses, which it would then have to win back inside
 * its batch; a program in use hardly ever sees that.
 * @throws Error in a process that was not started with `--expose-gc`
 */
export function collectGarbage(type: "minor" | "major" = "minor"): void {
  if (globalThis.gc === undefined) throw new Error("Start the measuring process with --expose-gc.");
  globalThis.gc({ type });
}

interface Contestant {
  readonly candidate: Candidate;
  /** As many as fill one batch. */
  readonly calls: number;
  readonly cpuMicros: number[];
  readonly cpuInFlightMicros: number[];
  readonly wallMicros: number[];
}

/**
 * Times candidates in rounds, A B C A B C …, so that whatever else the machine does hits all
 * alike. Each candidate gets the same time, not the same number of calls, and begins with a
 * emptied young generation, so that it pays for its own garbage and for nobody else's.
 */
export async function measureTime(
  candidates: readonly Candidate[],
  rounds: number,
  progress: Progress,
): Promise<Timing[]> {
  const contestants: Contestant[] = [];
  for (const candidate of candidates) {
    progress(`warming up ${candidate.name}`);
    const calls = await warmUp(candidate);
    contestants.push({ candidate, calls, cpuMicros: [], cpuInFlightMicros: [], wallMicros: [] });
  }
  for (let round = 1; round <= rounds; round += 1) {
    progress(`round ${round} of ${rounds}`);
    for (const { candidate, calls, cpuMicros, cpuInFlightMicros, wallMicros } of contestants) {
      const { call } = candidate;
      cpuMicros.push(await cpuMicrosPerCall(() => oneAtATime(call, calls)));
      cpuInFlightMicros.push(await cpuMicrosPerCall(() => inFlight(call, calls)));
      await sampleWall(call, wallMicros);
    }
  }
  return contestants.map(({ candidate, cpuMicros, cpuInFlightMicros, wallMicros }) => ({
    name: candidate.name,
    leavesOut: [...candidate.leavesOut],
    cpuMicros,
    cpuInFlightMicros,
    wallMicros: { p50: percentile(wallMicros, 0.5), p99: percentile(wallMicros, 0.99) },
  }));
}

/**
 * Bytes of JavaScript heap that one call allocates. Needs a young generation that holds a whole
 * batch: a batch in which the collector ran says nothing and is made smaller.
 */
export async function measureBytes(
  candidates: readonly Candidate[],
  progress: Progress,
): Promise<number[]> {
  const found: number[] = [];
  for (const candidate of candidates) {
    progress(`bytes of ${candidate.name}`);
    const fillABatch = await warmUp(candidate);
    found.push(await bytesPerCall(candidate, fillABatch * bytesBatchTimes));
  }
  return found;
}

/** @param most calls in a batch, so that a slow candidate does not take minutes */
async function bytesPerCall({ name, call }: Candidate, most: number): Promise<number> {
  const seen: number[] = [];
  let calls = Math.min(100, most);
  for (let tries = 0; seen.length < bytesBatches && tries < 60; tries += 1) {
    collectGarbage();
    await setImmediate();
    const profiler = new GCProfiler();
    profiler.start();
    const before = process.memoryUsage().heapUsed;
    const made = await oneAtATime(call, calls);
    const used = process.memoryUsage().heapUsed - before;
    const collections = profiler.stop().statistics.length;
    if (collections > 0) {
      calls = Math.max(1, Math.floor(calls / 2));
      continue;
    }
    const each = used / made;
    const fitting = Math.min(50_000, most, Math.floor(bytesPerBatch / Math.max(each, 1)));
    // The first batches are small and tell only how large a batch may be.
    if (tries > 0) seen.push(each);
    else calls = Math.max(calls, fitting);
  }
  if (seen.length === 0) throw new Error(`The collector ran in every batch of ${name}.`);
  return median(seen);
}

/** Runs until the machine code has settled; returns how many calls fill a batch. */
async function warmUp({ call }: Candidate): Promise<number> {
  const began = performance.now();
  let calls = 1;
  // The fastest batch counts: in one that the machine kept waiting a few calls would fill the time,
  // and every batch would then be too short for its figures.
  let fastestMs = Number.POSITIVE_INFINITY;
  for (;;) {
    const batchBegan = performance.now();
    await oneAtATime(call, calls);
    const now = performance.now();
    fastestMs = Math.min(fastestMs, Math.max(now - batchBegan, 0.001) / calls);
    const filling = Math.max(1, Math.round(batchMs / fastestMs));
    if (now - began >= warmUpMs) return filling;
    calls = Math.min(calls * 4, filling);
    await setImmediate();
  }
}

/** User and system time of the whole process, so the collector's threads count too. */
async function cpuMicrosPerCall(batch: () => Promise<number>): Promise<number> {
  collectGarbage();
  await setImmediate();
  const before = process.cpuUsage();
  const calls = await batch();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

async function oneAtATime(call: () => Promise<unknown>, calls: number): Promise<number> {
  for (let made = 0; made < calls; made += 1) await call();
  return calls;
}

async function inFlight(call: () => Promise<unknown>, calls: number): Promise<number> {
  const each = Math.max(1, Math.round(calls / callsInFlight));
  await Promise.all(Array.from({ length: callsInFlight }, () => oneAtATime(call, each)));
  return each * callsInFlight;
}

async function sampleWall(call: () => Promise<unknown>, into: number[]): Promise<void> {
  const until = performance.now() + sampleMs;
  for (let made = 0; made < maxSamplesARound; made += 1) {
    const began = performance.now();
    await call();
    const ended = performance.now();
    into.push((ended - began) * 1000);
    if (ended > until) return;
  }
}
