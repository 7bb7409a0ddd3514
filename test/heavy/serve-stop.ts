import { rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { type Random, seededRandom } from "../../src/base/random.ts";
import { faultsOf, type Trial } from "../support/kill/trial.ts";
import { type Asker, createAsker } from "./serve/asking.ts";
import { createFollower, type Follower, type Truth } from "./serve/follower.ts";
import { type Served, startServed } from "./serve/served.ts";
import { keepAsking, type Seen } from "./serve/stop-clients.ts";
import { makeStopWorld, type StopWorld, workRow } from "./serve/stop-world.ts";
import type { HeavySuite } from "./suite.ts";

const runsEach = 6;
const readersEach = 3;
/** How long a server may take to close: its ten seconds for requests, and some for runs. Milliseconds. */
const closingLimitMs = 15_000;
/** How long one may take to end after a second signal. Milliseconds. */
const atOnceMs = 3_000;
/** How many answers there are before a server is told to end. */
const answersBefore = 8;
/** For one round's runs to be over after the restart. Milliseconds. */
const patienceMs = 120_000;

/** How a server is ended. */
interface End {
  readonly name: string;
  readonly signal: "SIGTERM" | "SIGINT" | "SIGKILL";
  /** Whether a second signal follows. */
  readonly twice: boolean;
  /** Whether everybody has to be answered. */
  readonly isOrderly: boolean;
}

const ends: readonly End[] = [
  { name: "SIGTERM", signal: "SIGTERM", twice: false, isOrderly: true },
  { name: "SIGKILL", signal: "SIGKILL", twice: false, isOrderly: false },
  { name: "SIGINT", signal: "SIGINT", twice: false, isOrderly: true },
  { name: "SIGTERM twice", signal: "SIGTERM", twice: true, isOrderly: false },
];

/** All as long as each other, since the log counts bytes. */
const tagOf = (round: number, index: number): string =>
  `r${String(round).padStart(4, "0")}n${index}x`;

interface Followed {
  readonly tag: string;
  readonly runId: string;
  readonly truth: Truth;
  readonly followers: readonly Follower[];
}

async function started(
  asker: Asker,
  world: StopWorld,
  key: string,
  tag: string,
): Promise<Followed> {
  const made = await asker.ask("POST", "/v1/runs", world.runBody(tag));
  if (made.kind !== "answer" || made.status !== 201) {
    throw new Error(`a run was not started: ${JSON.stringify(made)}`);
  }
  const runId = (made.body as { readonly id: string }).id;
  const truth: Truth = new Map();
  const followers = Array.from({ length: readersEach }, () => createFollower(runId, key, truth));
  return { tag, runId, truth, followers };
}

/** What became of all runs that the API knows of, once none goes on. */
async function outcomes(asker: Asker): Promise<ReadonlyMap<string, string>> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const found = new Map<string, string>();
    let open = 0;
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page = await asker.ask(
        "GET",
        `/v1/runs?limit=500${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      if (page.kind !== "answer" || page.status !== 200) {
        throw new Error(`runs are not listed: ${JSON.stringify(page)}`);
      }
      const { items, nextCursor } = page.body as {
        readonly items: readonly {
          readonly id: string;
          readonly state: string;
          readonly outcome: string | null;
        }[];
        readonly nextCursor: string | null;
      };
      for (const { id, state, outcome } of items) {
        if (state !== "finished") open += 1;
        found.set(id, state === "finished" ? (outcome ?? "none") : state);
      }
      cursor = nextCursor;
    }
    if (open === 0 || performance.now() > until) return found;
    await delay(200);
  }
}

/** What a server left at its end. */
interface Ended {
  readonly line: string;
  readonly faults: readonly string[];
}

async function endIt(served: Served, end: End, random: Random): Promise<Ended> {
  const began = performance.now();
  served.kill(end.signal);
  if (end.twice) {
    // Two signals of a kind that come before the first is seen are one.
    while (served.complaints() === "" && served.cli.child.exitCode === null) await delay(5);
    await delay(random.next() * 150);
    if (served.cli.child.exitCode === null) served.kill(end.signal);
  }
  const secondAfterMs = performance.now() - began;
  const { code } = await served.cli.ended;
  const tookMs = performance.now() - began;
  const faults: string[] = [];
  if (end.isOrderly && code !== 0) faults.push(`exit code ${code}`);
  if (end.twice && code !== 130 && code !== 0) faults.push(`exit code ${code}, not 130`);
  const limit = end.twice ? secondAfterMs + atOnceMs : closingLimitMs;
  if (tookMs > limit) faults.push(`it took ${tookMs.toFixed(0)} ms to end`);
  const told = served
    .complaints()
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("closing:"));
  if (end.isOrderly) faults.push(...told.slice(0, 3));
  return { line: `${end.name}: ended with ${code} after ${tookMs.toFixed(0)} ms`, faults };
}

/** What was wrong with what clients saw. */
function clientFaults(seen: Seen, end: End): readonly string[] {
  // A process that is killed answers nobody.
  return end.isOrderly ? seen.faults : [];
}

/** Runs that are there although nobody was told so: an answer was lost. */
async function doneUnanswered(asker: Asker, tags: readonly string[]): Promise<readonly string[]> {
  const page = await asker.ask("GET", "/v1/runs?limit=1000");
  const text = page.kind === "answer" ? page.text : "";
  return tags
    .filter((tag) => text.includes(`Do the work ${tag}.`))
    .map((tag) => `run ${tag} was started, and its answer was lost`);
}

interface Round {
  readonly world: StopWorld;
  readonly key: string;
  readonly random: Random;
  readonly number: number;
}

/** Loads a server, ends it, starts it again, and looks at what became of everything. */
async function oneRound(
  served: Served,
  { world, key, random, number }: Round,
  whole: Trial,
): Promise<Ended & { readonly served: Served }> {
  const end = ends[(number - 1) % ends.length] ?? ends[0];
  if (end === undefined) throw new Error("there are ends");
  const before = createAsker(served.address, key);
  const runs: Followed[] = [];
  for (let index = 0; index < runsEach; index += 1) {
    runs.push(await started(before, world, key, tagOf(number, index)));
  }
  const [first] = runs;
  const following = runs.flatMap(({ followers }) =>
    followers.map((follower) => follower.connect(served.address)),
  );
  const name = `c${String(number).padStart(4, "0")}`;
  const runId = first?.runId ?? "";
  const asking = keepAsking(served, key, world, { random, name, runId });
  while (asking.answered() < answersBefore) await delay(20);
  await delay(random.next() * 2_000);
  const open = runs.filter(({ truth }) => ![...truth.values()].some(isEnd)).length;
  asking.closing();
  const { line, faults } = await endIt(served, end, random);
  const found = [...faults];
  const seen = await asking.seen;
  before.close();
  found.push(...clientFaults(seen, end));
  for (const { end: how, why } of await Promise.all(following)) {
    const isGood = ["closing", "finished", "refused"].includes(how);
    if (end.isOrderly && !isGood) found.push(`a stream of events ended ${how} ${why}`);
  }

  const again = await startServed(world.folder);
  const asker = createAsker(again.address, key);
  const known = await outcomes(asker);
  for (const { tag, runId: id, truth, followers } of runs) {
    for (const follower of followers) {
      if ([...truth.values()].length === follower.place && isEnd(truth.get(follower.place) ?? ""))
        continue;
      const { end: how, why } = await follower.connect(again.address);
      if (how !== "finished") found.push(`run ${tag} is followed again: ${how} ${why}`);
    }
    found.push(...followers.flatMap((follower) => follower.faults));
    const trial = world.trialOf(id, tag, known.get(id) ?? "unknown", truth);
    found.push(...faultsOf(workRow, trial, whole).map((fault) => `run ${tag}: ${fault}`));
  }
  for (const [tag, id] of seen.runs) {
    const outcome = known.get(id);
    if (outcome !== whole.outcome) found.push(`run ${tag}, which was acknowledged, is ${outcome}`);
  }
  if (end.isOrderly) found.push(...(await doneUnanswered(asker, seen.unanswered)));
  for (const id of seen.keys) {
    const shown = await asker.ask("GET", `/v1/keys/${id}`);
    if (shown.kind !== "answer" || shown.status !== 200) found.push(`key ${id} is gone`);
  }
  for (const [id, outcome] of known) {
    if (outcome !== whole.outcome) found.push(`run ${id} is ${outcome}`);
  }
  if (again.firstKey !== undefined) found.push("a second first key was made");
  asker.close();
  return {
    line: `${line}; ${open} of ${runs.length} runs in hand, ${seen.answers} answers, ${seen.problems} problems, ${seen.refused} refused, ${seen.cut} cut; ready again after ${again.readyMs.toFixed(0)} ms`,
    faults: found,
    served: again,
  };
}

function isEnd(text: string): boolean {
  return text.includes('"type":"run.finished"');
}

/** One run that nobody disturbs. */
async function undisturbed(served: Served, world: StopWorld, key: string): Promise<Trial> {
  const asker = createAsker(served.address, key);
  const { runId, truth, followers } = await started(asker, world, key, tagOf(0, 0));
  for (const follower of followers) {
    const { end, why } = await follower.connect(served.address);
    if (end !== "finished") throw new Error(`the first run: ${end} ${why}`);
  }
  const known = await outcomes(asker);
  asker.close();
  return world.trialOf(runId, tagOf(0, 0), known.get(runId) ?? "unknown", truth);
}

export const serveStop: HeavySuite = {
  about:
    "ends a service under load by signals, and looks at its answers and at what the next start does",
  defaultRounds: 40,
  run: async (rounds, say, seed) => {
    const random = seededRandom(seed);
    const world = await makeStopWorld(random);
    let served = await startServed(world.folder);
    let failed = 0;
    try {
      const key = served.firstKey ?? "";
      const whole = await undisturbed(served, world, key);
      say(`       undisturbed: ${whole.outcome}, ${whole.effects.length} effects`);
      for (let number = 1; number <= rounds; number += 1) {
        const done = await oneRound(served, { world, key, random, number }, whole);
        served = done.served;
        if (done.faults.length > 0) failed += 1;
        say(`${done.faults.length === 0 ? "ok    " : "FAILED"} ${number}: ${done.line}`);
        for (const fault of done.faults.slice(0, 8)) say(`         ${fault.slice(0, 500)}`);
      }
    } finally {
      served.kill("SIGKILL");
      await served.cli.ended;
      await world.close();
      if (failed === 0) rmSync(world.folder, { recursive: true, force: true, maxRetries: 3 });
      else say(`       see ${world.folder}`);
    }
    return { passed: rounds - failed, failed };
  },
};
