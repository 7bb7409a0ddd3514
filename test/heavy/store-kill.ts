import { existsSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { uuidv7Source } from "../../src/base/ids.ts";
import { seededRandom, systemRandom } from "../../src/base/random.ts";
import { databaseFile, openStore } from "../../src/store/store.ts";
import {
  benchFolder,
  between,
  copyStore,
  faultsOf,
  oneOf,
  removeFolder,
  spread,
  waitMs,
} from "./store-bench.ts";
import { checkStore, type StoreCheck } from "./store-check.ts";
import { type StoreChild, startChild } from "./store-child.ts";
import { killControls } from "./store-kill-controls.ts";
import type { WriterOrder } from "./store-orders.ts";
import { inDoubtOf, repeatable, tenantName } from "./store-work.ts";
import type { HeavySuite } from "./suite.ts";

const writers = 16;
/** After so many a new store is begun, so that its making is killed, too. */
const roundsOfStore = 10;
const everyThird = 3;

/** When the process of a round is killed. */
interface Moment {
  /** `ready` is just before the store is opened, `writes` when the writers begin. */
  readonly after: "ready" | "writes";
  readonly ms: number;
}

interface Plan {
  readonly seed: number;
  readonly kill: Moment;
  /** A second process at the same store, and how much later it is killed. */
  readonly second: { readonly laterMs: number } | undefined;
  readonly checkpointPages: number | undefined;
  /** In some rounds the callers take their time to say that they know: more is in doubt then. */
  readonly dawdlesMs: number | undefined;
}

/** A store over its rounds. */
interface Subject {
  readonly dataDir: string;
  readonly acknowledged: Set<string>;
  inDoubt: readonly string[];
  readonly unacknowledged: Set<string>;
}

interface Totals {
  acknowledged: number;
  unacknowledged: number;
  lost: number;
  doubled: number;
  readonly opened: number[];
  readonly reopened: number[];
  readonly moments: Record<string, number>;
}

/** The same seed and place in the life of a store give the same plan. */
function planOf(seed: number, isNew: boolean, isPair: boolean): Plan {
  const random = seededRandom(seed);
  const early = random.next() < (isNew ? 0.5 : 0.2);
  const kill: Moment = early
    ? { after: "ready", ms: between(random, 0, isNew ? 60 : 25) }
    : { after: "writes", ms: between(random, 0, 600) };
  const laterMs = random.next() < 0.33 ? 0 : between(random, 50, 400);
  const checkpointPages = oneOf(random, [undefined, 4, 32, 256]);
  const dawdlesMs = random.next() < 0.33 ? 20 : undefined;
  return { seed, kill, second: isPair ? { laterMs } : undefined, checkpointPages, dawdlesMs };
}

async function killAt(child: StoreChild, { after, ms }: Moment): Promise<void> {
  await child.said(after);
  await waitMs(ms);
  child.process.kill("SIGKILL");
}

function momentOf(child: StoreChild): string {
  if (!child.notes.some(({ note }) => note === "opened")) return "while opening";
  return child.printed().length === 0 ? "before the first acknowledgement" : "while writing";
}

async function round(
  subject: Subject,
  number: number,
  plan: Plan,
  totals: Totals,
): Promise<{ readonly line: string; readonly faults: readonly string[] }> {
  const { dataDir, acknowledged } = subject;
  const isNew = !existsSync(join(dataDir, databaseFile));
  const start = (letter: string, inDoubt: readonly string[]) => {
    const name = `r${number}${letter}`;
    const { checkpointPages, dawdlesMs } = plan;
    const order: WriterOrder = {
      dataDir,
      name,
      writers,
      inDoubt,
      ...(checkpointPages === undefined ? {} : { checkpointPages }),
      ...(dawdlesMs === undefined ? {} : { dawdlesMs }),
    };
    return { name, child: startChild("store-writer", order, `${dataDir}-${name}.txt`) };
  };
  const one = start("a", subject.inDoubt);
  const both = plan.second === undefined ? [one] : [one, start("b", [])];
  await killAt(one.child, plan.kill);
  if (plan.second !== undefined) await waitMs(plan.second.laterMs);
  for (const { child } of both.slice(1)) child.process.kill("SIGKILL");
  const ends = await Promise.all(both.map(({ child }) => child.ended));

  const before = acknowledged.size;
  for (const { child } of both) for (const key of child.printed()) acknowledged.add(key);
  const check = checkStore(copyStore(dataDir, `${dataDir}-copy`), acknowledged);
  subject.inDoubt = [
    ...subject.inDoubt,
    ...both.flatMap(({ name }) => inDoubtOf(name, writers, acknowledged)),
  ].filter((key) => repeatable(key) && !acknowledged.has(key));
  // What was in doubt and is acknowledged by now is not counted again.
  const open = check.unacknowledged.filter((key) => !subject.unacknowledged.has(key));
  for (const key of open) subject.unacknowledged.add(key);
  totals.unacknowledged += open.length;

  const faults = [...faultsOf(check)];
  for (const [index, { child }] of both.entries()) {
    const failure = child.notes.find(({ note }) => note === "failed");
    if (failure !== undefined) faults.push(JSON.stringify(failure));
    if (child.complaints() !== "") faults.push(child.complaints());
    if (ends[index]?.signal !== "SIGKILL") faults.push(`ended by itself: ${ends[index]?.code}`);
    const opened = child.notes.find(({ note }) => note === "opened")?.["ms"];
    if (typeof opened === "number") (isNew ? totals.opened : totals.reopened).push(opened);
    const moment = momentOf(child);
    totals.moments[moment] = (totals.moments[moment] ?? 0) + 1;
  }
  totals.acknowledged += acknowledged.size - before;
  totals.lost += check.lost.length;
  totals.doubled += check.doubled.length;
  const when = `${plan.kill.ms.toFixed(1)} ms after "${plan.kill.after}"`;
  const also =
    plan.second === undefined ? "" : `, a second ${plan.second.laterMs.toFixed(0)} ms later`;
  const line = `seed ${plan.seed}: killed ${when}${also}, ${momentOf(one.child)}: ${acknowledged.size - before} acknowledged, ${open.length} committed without`;
  return { line, faults };
}

/** The store opened once more as it is used, and looked at in place. */
async function lastLook(subject: Subject): Promise<StoreCheck> {
  const ids = uuidv7Source(systemClock, systemRandom);
  const store = openStore({ dataDir: subject.dataDir, clock: systemClock, ids });
  const mismatches = await store.backend.tenant(tenantName).signalCounts.checkCounts();
  store.close();
  const check = checkStore(join(subject.dataDir, databaseFile), subject.acknowledged);
  const told = mismatches.map((one) => `checkCounts: ${JSON.stringify(one)}`);
  return { ...check, problems: [...check.problems, ...told] };
}

export const storeKill: HeavySuite = {
  about: "kills processes that write to a store with SIGKILL and looks for what was acknowledged",
  defaultRounds: 200,
  run: async (rounds, say, seed) => {
    const folder = benchFolder("store-kill");
    const controls = await killControls(join(folder, "controls"));
    for (const { name, seen } of controls) say(`${seen ? "ok    " : "FAILED"} control: ${name}`);
    let failed = controls.every(({ seen }) => seen) ? 0 : 1;
    const totals: Totals = {
      acknowledged: 0,
      unacknowledged: 0,
      lost: 0,
      doubled: 0,
      opened: [],
      reopened: [],
      moments: {},
    };
    let subject: Subject | undefined;
    let stores = 0;
    const began = performance.now();
    for (let number = 1; number <= rounds; number += 1) {
      if (subject === undefined) {
        stores += 1;
        const dataDir = join(folder, `store-${stores}`);
        subject = { dataDir, acknowledged: new Set(), inDoubt: [], unacknowledged: new Set() };
      }
      const isNew = (number - 1) % roundsOfStore === 0;
      const plan = planOf(seed + number, isNew, number % everyThird === 0);
      const { line, faults } = await round(subject, number, plan, totals);
      const all = [...faults];
      const isLast = number % roundsOfStore === 0 || number === rounds;
      if (isLast) {
        all.push(...faultsOf(await lastLook(subject)));
      }
      if (all.length > 0) failed += 1;
      say(`${all.length === 0 ? "ok    " : "FAILED"} ${line}`);
      for (const fault of all) say(`         ${fault}`);
      if (isLast) subject = undefined;
    }
    const seconds = (performance.now() - began) / 1000;
    say(
      `${rounds} rounds on ${stores} stores in ${seconds.toFixed(0)} s: ${totals.acknowledged} acknowledged, ${totals.unacknowledged} committed but not acknowledged, ${totals.lost} lost, ${totals.doubled} doubled`,
    );
    say(`new store open: ${spread(totals.opened)}; after a kill: ${spread(totals.reopened)}`);
    say(
      `killed ${Object.entries(totals.moments)
        .map(([when, times]) => `${times} ${when}`)
        .join(", ")}`,
    );
    if (failed === 0) removeFolder(folder);
    else say(`The files are in ${folder}.`);
    return { passed: rounds + 1 - failed, failed };
  },
};
