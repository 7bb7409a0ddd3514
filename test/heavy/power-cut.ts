import { existsSync, mkdirSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../src/base/errors.ts";
import { type Random, seededRandom } from "../../src/base/random.ts";
import { compileLibrary } from "../support/disk/library.ts";
import { checkAfterCut, checkJournalAlone } from "./power-cut/check.ts";
import { type CutState, eachCut } from "./power-cut/cuts.ts";
import { backupStory, restoreStory, upgradeStory } from "./power-cut/keepers.ts";
import { type Stage, type Story, writerStory } from "./power-cut/story.ts";
import { benchFolder, removeFolder } from "./store-bench.ts";
import type { HeavySuite } from "./suite.ts";

/** States that are looked at of one story. */
const statesOfStory = 40;
/** Of states in which the journal was whole before: one in so many is made of the journal alone. */
const everyTenth = 10;
/** Of stories: one in so many has flushes that fail. */
const everyThird = 3;

/** Faults of a story that are told. */
const mostTold = 8;

interface Bench {
  readonly folder: string;
  readonly library: string;
  /** Where states are made: in memory where that is possible, for they are looked at and gone. */
  readonly states: string;
  readonly say: (line: string) => void;
}

interface Totals {
  states: number;
  acknowledged: number;
  lost: number;
  faulty: number;
  journalAlone: number;
  readonly troubles: Record<string, number>;
}

const empty = (): Totals => ({
  states: 0,
  acknowledged: 0,
  lost: 0,
  faulty: 0,
  journalAlone: 0,
  troubles: {},
});

type StageOptions = Pick<Stage, "synchronous" | "fails">;

async function tellStory(
  { folder, library }: Bench,
  name: string,
  random: Random,
  options: StageOptions,
): Promise<Story> {
  return writerStory({ library, folder: join(folder, name), random, ...options });
}

/** Looks at one state of a writers' story. */
async function look({ story, state, totals, alone }: LookOptions): Promise<readonly string[]> {
  const dataDir = join(state.folder, story.dataDir);
  const { lost, faults, troubles } = await checkAfterCut(dataDir, state.said);
  const found = [...faults];
  if (alone && found.length === 0) {
    found.push(...(await checkJournalAlone(dataDir, state.promised)));
    totals.journalAlone += 1;
  }
  totals.states += 1;
  totals.acknowledged += state.said.size;
  totals.lost += lost;
  if (found.length > 0) totals.faulty += 1;
  for (const code of new Set(troubles)) totals.troubles[code] = (totals.troubles[code] ?? 0) + 1;
  return found;
}

interface LookOptions {
  readonly story: Story;
  readonly state: CutState;
  readonly totals: Totals;
  /** Whether to make the store of its journal alone as well. */
  readonly alone: boolean;
}

/** A store with a planted fault: the suite proves nothing where its states lose nothing. */
async function control(
  bench: Bench,
  { name, seed, states, ...options }: ControlOptions,
): Promise<boolean> {
  const random = seededRandom(seed);
  const { ignoresFolders = false, ...stage } = options;
  const story = await tellStory(bench, `control-${name}`, random, stage);
  const totals = empty();
  const cuts = { story, random, states, into: bench.states, ignoresFolders };
  await eachCut(cuts, async (state) => {
    await look({ story, state, totals, alone: false });
  });
  const seen = totals.faulty > 0 && (stage.synchronous !== "normal" || totals.lost > 0);
  bench.say(
    `${seen ? "ok    " : "FAILED"} control, ${name}: ${totals.faulty} of ${totals.states} states with faults, ${totals.lost} of ${totals.acknowledged} acknowledged lost`,
  );
  removeFolder(join(bench.folder, `control-${name}`));
  return seen;
}

interface ControlOptions extends StageOptions {
  readonly name: string;
  readonly seed: number;
  readonly states: number;
  readonly ignoresFolders?: boolean;
}

/** Stories of writers until enough states were looked at; how many of these had a fault. */
async function writersRounds(bench: Bench, rounds: number, seed: number): Promise<number> {
  const all = empty();
  const begun = performance.now();
  for (let number = 1; all.states < rounds; number += 1) {
    const random = seededRandom(seed + number);
    const fails = number % everyThird === 0;
    const story = await tellStory(bench, `story-${number}`, random, { fails });
    const totals = empty();
    const states = Math.min(statesOfStory, rounds - all.states);
    const told: string[] = [...story.faults];
    await eachCut({ story, random, states, into: bench.states }, async (state) => {
      const alone = !fails && totals.states % everyTenth === 0;
      for (const fault of await look({ story, state, totals, alone })) {
        told.push(`after ${state.after} operations, ${JSON.stringify(state.cut)}: ${fault}`);
      }
    });
    if (story.faults.length > 0) totals.faulty += 1;
    bench.say(
      `${totals.faulty === 0 ? "ok    " : "FAILED"} seed ${seed + number}: writers${fails ? " with flushes that fail" : ""}, ${totals.states} states, ${totals.faulty} with faults`,
    );
    for (const fault of told.slice(0, mostTold)) bench.say(`         ${fault.slice(0, 400)}`);
    add(all, totals);
    removeFolder(join(bench.folder, `story-${number}`));
  }
  const seconds = ((performance.now() - begun) / 1000).toFixed(0);
  bench.say(
    `writers: ${all.states} states in ${seconds} s, ${all.acknowledged} acknowledged in them, ${all.lost} lost; ${all.journalAlone} made of the journal alone; of the journal ${JSON.stringify(all.troubles)}`,
  );
  return all.faulty;
}

const keepers = { backup: backupStory, restore: restoreStory, upgrade: upgradeStory } as const;

/** Each who looks after a store, cut at a fifth as many moments; in how many of these was a fault. */
async function keepersRounds(
  bench: Bench,
  rounds: number,
  seed: number,
): Promise<readonly number[]> {
  const states = Math.max(6, Math.round(rounds / 5));
  let all = 0;
  let faulty = 0;
  for (const [index, [name, tell]] of Object.entries(keepers).entries()) {
    for (let left = states; left > 0; left -= statesOfStory) {
      const random = seededRandom(seed + 1_000 * (index + 1) + left);
      const folder = join(bench.folder, `${name}-${left}`);
      mkdirSync(folder);
      const { story, check } = await tell({ library: bench.library, folder, random });
      const told: string[] = [...story.faults];
      let bad = Math.min(1, story.faults.length);
      const cuts = { story, random, states: Math.min(left, statesOfStory), into: bench.states };
      await eachCut(cuts, async (state) => {
        const faults = await faultsIn(() => check(state));
        all += 1;
        if (faults.length > 0) bad += 1;
        for (const fault of faults)
          told.push(`after ${state.after} operations, ${JSON.stringify(state.cut)}: ${fault}`);
      });
      faulty += bad;
      bench.say(
        `${bad === 0 ? "ok    " : "FAILED"} ${name}: ${cuts.states} states, ${bad} with faults`,
      );
      for (const fault of told.slice(0, mostTold)) bench.say(`         ${fault.slice(0, 400)}`);
      removeFolder(folder);
    }
  }
  return [all, faulty];
}

/** What a check throws is a fault that it found. */
async function faultsIn(check: () => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await check();
  } catch (error) {
    return [messageOf(error)];
  }
}

function add(all: Totals, one: Totals): void {
  for (const key of ["states", "acknowledged", "lost", "faulty", "journalAlone"] as const)
    all[key] += one[key];
  for (const [code, times] of Object.entries(one.troubles))
    all.troubles[code] = (all.troubles[code] ?? 0) + times;
}

export const powerCut: HeavySuite = {
  about: "cuts the power of a disk at any operation, and looks for what was acknowledged",
  defaultRounds: 1_000,
  run: async (rounds, say, seed) => {
    const folder = benchFolder("power-cut");
    const shared = "/dev/shm";
    const states = existsSync(shared) ? mkdtempSync(join(shared, "agent33-states-")) : folder;
    try {
      const bench: Bench = { folder, library: compileLibrary(folder), states, say };
      const few = Math.max(20, Math.round(rounds / 10));
      const controls = [
        await control(bench, { name: "NORMAL", seed, states: few, synchronous: "normal" }),
        await control(bench, { name: "OFF", seed, states: few, synchronous: "off" }),
        await control(bench, {
          name: "no folder flushed",
          seed,
          states: few,
          ignoresFolders: true,
        }),
      ];
      const unseen = controls.filter((seen) => !seen).length;
      const faulty = await writersRounds(bench, rounds, seed);
      const [kept = 0, badlyKept = 0] = await keepersRounds(bench, rounds, seed);
      const failed = unseen + faulty + badlyKept;
      return { passed: rounds + kept + controls.length - failed, failed };
    } finally {
      removeFolder(states);
      removeFolder(folder);
    }
  },
};
