import { rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { type Random, seededRandom } from "../../src/base/random.ts";
import { faultsOf, type Trial } from "../support/kill/trial.ts";
import type { HeavySuite } from "./suite.ts";
import { eventually, processorMs, startWorker, strays, type Worker } from "./workers/worker.ts";
import { makeWorld, workRow, type World } from "./workers/world.ts";

const runsEach = 6;
/** For one round's runs to be over, a lease that has to run out included. Milliseconds. */
const patienceMs = 120_000;
/** Longer than twice the time that a statement waits for another process. Milliseconds. */
const heldMs = 16_000;

/** All as long as each other, since the log counts bytes. */
const tagOf = (round: number, index: number): string =>
  `r${String(round).padStart(4, "0")}n${index}x`;

interface Scene {
  readonly world: World;
  readonly random: Random;
  readonly round: number;
  readonly victim: Worker;
  readonly other: Worker;
}

/** How a worker is disturbed: what was seen, and what was wrong. */
interface Seen {
  readonly line: string;
  readonly faults: readonly string[];
}

/** Waits for a random moment while the worker has a run in hand. */
async function someMoment({ world, victim, random }: Scene): Promise<boolean> {
  const busy = await eventually(() => world.heldBy(victim.pid).length > 0, 30_000);
  await delay(Math.floor(random.next() * 3000));
  return busy;
}

/** Those that a worker started must end with it, however it ends. */
async function orphans({ world, other }: Scene): Promise<readonly string[]> {
  let left: readonly string[] = [];
  await eventually(() => {
    left = strays(world.folder, [other.pid]);
    return left.length === 0;
  }, 10_000);
  return left.map((stray) => `left running: ${stray}`);
}

async function killed(scene: Scene): Promise<Seen> {
  await someMoment(scene);
  const { world, victim } = scene;
  const held = world.heldBy(victim.pid).length;
  victim.kill("SIGKILL");
  await victim.cli.ended;
  return { line: `killed with ${held} runs in hand`, faults: await orphans(scene) };
}

/** Stops the worker outside, or inside, of a write transaction; undefined where that was not met. */
async function freeze(scene: Scene, inside: boolean): Promise<boolean> {
  const { world, victim, random } = scene;
  for (let tries = 0; tries < 400; tries += 1) {
    if (world.heldBy(victim.pid).length === 0) await delay(20);
    victim.kill("SIGSTOP");
    await delay(5);
    const isHeld = world.heldBy(victim.pid).length > 0;
    if ((inside || isHeld) && (await world.isLocked()) === inside) return true;
    victim.kill("SIGCONT");
    await delay(3 + Math.floor(random.next() * 15));
  }
  return false;
}

/** Frozen with runs in hand and nothing locked: they are taken over, and it finds that out. */
async function frozenOutside(scene: Scene): Promise<Seen> {
  const { world, victim, other } = scene;
  await someMoment(scene);
  if (!(await freeze(scene, false))) return { line: "not frozen: nothing was in hand", faults: [] };
  const held = world.heldBy(victim.pid);
  const taken = await eventually(
    () => held.every((runId) => world.isOver(runId) || world.heldBy(other.pid).includes(runId)),
    patienceMs,
  );
  // It wakes while the other works on them, or after that.
  await delay(Math.floor(scene.random.next() * 1000));
  victim.kill("SIGCONT");
  const faults = taken ? [] : ["its runs were not taken over"];
  await eventually(() => world.heldBy(victim.pid).every((runId) => !held.includes(runId)), 10_000);
  if (!victim.isAlive) faults.push("it ended when it woke");
  return { line: `frozen with ${held.length} runs in hand`, faults };
}

/** Frozen inside a transaction: nobody can write, and the other says so and goes on afterwards. */
async function frozenInside(scene: Scene, end: "SIGCONT" | "SIGKILL"): Promise<Seen> {
  const { world, victim, other } = scene;
  if (!(await freeze(scene, true))) {
    return { line: "not frozen inside: no transaction was met", faults: [] };
  }
  const worked = world.heldBy(other.pid).length > 0;
  await delay(heldMs);
  // Who has nothing to write has nothing to wait for.
  const said = !worked || other.complaints().includes("store.busy");
  victim.kill(end);
  const faults = [
    ...(said ? [] : ["the other did not say that the store is busy"]),
    ...(other.isAlive ? [] : ["the other ended"]),
  ];
  if (end === "SIGKILL") {
    await victim.cli.ended;
    faults.push(...(await orphans(scene)));
  }
  return { line: `frozen inside a transaction, then ${end}`, faults };
}

const kinds: readonly ((scene: Scene) => Promise<Seen>)[] = [
  killed,
  killed,
  frozenOutside,
  killed,
  (scene) => frozenInside(scene, "SIGCONT"),
  killed,
  killed,
  frozenOutside,
  killed,
  (scene) => frozenInside(scene, "SIGKILL"),
];

/** Queues runs, disturbs a worker while they are driven, and looks at what became of them. */
async function oneRound(
  scene: Scene,
  whole: Trial,
): Promise<Seen & { readonly unknown: number; readonly tookMs: number }> {
  const { world, round, victim, other } = scene;
  await eventually(() => [victim, other].every((one) => one.news().length > 0), 60_000);
  const began = performance.now();
  const tags = Array.from({ length: runsEach }, (_, index) => tagOf(round, index));
  const runs: { readonly tag: string; readonly runId: string }[] = [];
  for (const tag of tags) runs.push({ tag, runId: await world.queue(tag) });
  const disturb = kinds[(round - 1) % kinds.length] ?? killed;
  const { line, faults } = await disturb(scene);
  const found = [...faults];
  await eventually(() => runs.every(({ runId }) => world.isOver(runId)), patienceMs);
  let unknown = 0;
  for (const { tag, runId } of runs) {
    if (!world.isOver(runId)) {
      found.push(`run ${tag} is not over`);
      continue;
    }
    const trial = world.trialOf(runId, tag);
    unknown += trial.story.unknown.length;
    found.push(...faultsOf(workRow, trial, whole).map((fault) => `run ${tag}: ${fault}`));
  }
  return { line, faults: found, unknown, tookMs: performance.now() - began };
}

/** One run that nobody disturbs, by a worker whose idle time is then measured. */
async function undisturbed(
  world: World,
  worker: Worker,
  say: (line: string) => void,
): Promise<Trial> {
  const tag = tagOf(0, 0);
  const runId = await world.queue(tag);
  if (!(await eventually(() => world.isOver(runId), patienceMs))) {
    throw new Error(`the first run is not over: ${worker.complaints()}`);
  }
  await delay(2000);
  const before = processorMs(worker.pid);
  await delay(20_000);
  const usedMs = processorMs(worker.pid) - before;
  say(
    `       an idle worker used ${usedMs} ms of the processor in 20 s (${(usedMs / 200).toFixed(2)} %)`,
  );
  return world.trialOf(runId, tag);
}

export const workerKill: HeavySuite = {
  about: "kills and freezes one of two workers at random moments while they share a queue",
  defaultRounds: 50,
  run: async (rounds, say, seed) => {
    const world = makeWorld();
    const random = seededRandom(seed);
    let passed = 0;
    let failed = 0;
    let workers: readonly [Worker, Worker] = [startWorker(world.folder), startWorker(world.folder)];
    try {
      const whole = await undisturbed(world, workers[0], say);
      for (let round = 1; round <= rounds; round += 1) {
        const [victim, other] = random.next() < 0.5 ? workers : workers.toReversed();
        if (victim === undefined || other === undefined) throw new Error("there are two workers");
        const seen = await oneRound({ world, random, round, victim, other }, whole);
        const isGood = seen.faults.length === 0;
        if (isGood) passed += 1;
        else failed += 1;
        say(
          `${isGood ? "ok    " : "FAILED"} ${round}: ${seen.line}; ${seen.unknown} unknown outcomes; ${(seen.tookMs / 1000).toFixed(1)} s${isGood ? "" : `: ${seen.faults.join("; ")}`}`,
        );
        workers = [victim.isAlive ? victim : startWorker(world.folder), other];
      }
      for (const worker of workers) {
        // One that was started just now may take long on a busy machine, and has no ears before.
        await eventually(() => worker.news().length > 0, 120_000);
        worker.kill("SIGTERM");
      }
      const ends = await Promise.all(workers.map(({ cli }) => cli.ended));
      const bad = ends.filter(({ code }) => code !== 0).length;
      let left: readonly string[] = [];
      await eventually(() => {
        left = strays(world.folder, []);
        return left.length === 0;
      }, 10_000);
      if (bad > 0 || left.length > 0) {
        failed += 1;
        say(`FAILED at the end: ${bad} workers ended badly; left running: ${left.join("; ")}`);
      }
    } finally {
      for (const worker of workers) if (worker.isAlive) worker.kill("SIGKILL");
      await world.engine.close();
      // What a failed round left is there to be looked at.
      if (failed === 0) rmSync(world.folder, { recursive: true, force: true, maxRetries: 3 });
      else say(`       see ${world.folder}`);
    }
    return { passed, failed };
  },
};
