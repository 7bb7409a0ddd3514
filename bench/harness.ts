import { setImmediate } from "node:timers/promises";
import { GCProfiler } from "node:v8";
import type { Candidate, Contestant, Progress } from "./benchmark.ts";
import { median } from "./statistics.ts";

/** Calls in flight at once in the concurrent rounds. */
export const callsInFlight = 64;

const warmUpMs = 1_500;
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

/** What one round said of one candidate. Microseconds a call. */
export interface Round {
  readonly cpuMicros: number;
  readonly cpuInFlightMicros: number;
  readonly wallMicros: readonly number[];
}

/**
 * Warms a candidate up; the result measures one round of it. Every batch begins with an emptied
 * young generation, so that it pays for its own garbage.
 */
export async function prepareRounds({ call }: Contestant): Promise<() => Promise<Round>> {
  const calls = await warmUp(call);
  return async () => ({
    cpuMicros: await cpuMicrosPerCall(() => oneAtATime(call, calls)),
    cpuInFlightMicros: await cpuMicrosPerCall(() => inFlight(call, calls)),
    wallMicros: await sampleWall(call),
  });
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
  for (const { name, build } of candidates) {
    progress(`bytes of ${name}`);
    const { call, close } = await build();
    const fillABatch = await warmUp(call);
    found.push(await bytesPerCall(name, call, fillABatch * bytesBatchTimes));
    close?.();
  }
  return found;
}

/** @param most calls in a batch, so that a slow candidate does not take minutes */
async function bytesPerCall(name: string, call: Contestant["call"], most: number): Promise<number> {
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
async function warmUp(call: Contestant["call"]): Promise<number> {
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

async function sampleWall(call: () => Promise<unknown>): Promise<number[]> {
  const samples: number[] = [];
  const until = performance.now() + sampleMs;
  while (samples.length < maxSamplesARound) {
    const began = performance.now();
    await call();
    const ended = performance.now();
    samples.push((ended - began) * 1000);
    if (ended > until) break;
  }
  return samples;
}
