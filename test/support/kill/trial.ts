import { deepStrictEqual } from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { stringify } from "yaml";
import { type Clock, systemClock } from "../../../src/base/clock.ts";
import { isAgent33Error } from "../../../src/base/errors.ts";
import type { JsonValue } from "../../../src/base/json.ts";
import { type CutPoint, cuttable } from "../cut-store.ts";
import { effectsTools, startEffectsPeer } from "../effects-peer.ts";
import { type TestEngine, testEngine } from "../engine.ts";
import { writeTask } from "../task-folder.ts";
import type { KillRow } from "./rows.ts";
import { type Story, storyOf, without } from "./story.ts";

/** How one run went. */
export interface Trial {
  readonly outcome: string;
  readonly story: Story;
  /** What the world saw: the peer's effects and the lines of the notes, sorted. */
  readonly effects: readonly string[];
  /** Write transactions of the process that was to be cut off. */
  readonly transactions: number;
  readonly wasCut: boolean;
  /** Steps of the journal that have no end, where all should. */
  readonly openSteps: readonly JsonValue[];
}

/** What may be done once: the ends of the tools' names. */
export const onceTools = ["ring", "append_line", "run_command"];
/** Longer than any lease. Milliseconds. */
const untilTakenMs = 20_000;
/** Characters of a difference that are shown. */
const longestDifference = 1500;
/** Sessions and parks of one run; more means that it goes nowhere. */
const mostRounds = 20;

/** The machine's clock, some time later. */
function laterClock(aheadMs: number): Clock {
  return { ...systemClock, now: () => systemClock.now() + aheadMs };
}

/**
 * Drives one run in a folder of its own: until a point in one process, from there on in another.
 * Without a point it is not disturbed.
 */
export async function runTrial(row: KillRow, point?: CutPoint): Promise<Trial> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "agent33-kill-")));
  const state = join(folder, "state.txt");
  const ids: { runId?: string } = {};
  const others: TestEngine[] = [];
  const peer = await startEffectsPeer(state, (what) =>
    row.onLook?.(what, person().engine, ids.runId ?? ""),
  );
  // What a process says that cannot write any more is what the cut does, and no fault.
  const warn = (): void => undefined;
  const engineAt = (aheadMs: number): TestEngine => {
    const settings = {
      ...row.settings,
      ...(row.asks === true ? askingPack(folder) : {}),
      mcpServers: { peer: { type: "http", url: peer.url, tools: effectsTools } },
    };
    return testEngine(settings, folder, {}, { clock: laterClock(aheadMs), warn });
  };
  const other = (aheadMs: number): TestEngine => {
    const made = engineAt(aheadMs);
    others.push(made);
    return made;
  };
  /** Somebody at another process. */
  let someone: TestEngine | undefined;
  const person = (): TestEngine => (someone ??= other(0));
  try {
    const runId = await person().engine.runs.create(request(row, folder, state));
    ids.runId = runId;
    const { made: first, connections } = cuttable(() => engineAt(0), point);
    let outcome: string | undefined;
    try {
      outcome = await toEnd(row, first, person(), runId);
    } catch (error) {
      if (!connections.isDead) throw error;
    }
    // Nothing of a killed process goes on: what it still does here must not be mistaken for it.
    await first.engine.close().catch((error: unknown) => {
      if (!connections.isDead) throw error;
    });
    outcome ??= await workOn(row, other(untilTakenMs), person(), runId);
    const { store } = person().engine;
    return {
      outcome,
      story: storyOf(store.runLog.read(runId), [folder, peer.url], onceTools),
      effects: [...peer.effects, ...notesOf(store.runs.get(runId)?.workspace ?? folder)].sort(),
      transactions: connections.count,
      wasCut: connections.isDead,
      openSteps: outcome === "cancelled" ? [] : openSteps(folder, runId),
    };
  } finally {
    for (const { engine } of others) await engine.close();
    await peer.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Drives a run, with a person's answers, until it is over. */
async function toEnd(
  row: KillRow,
  { engine }: TestEngine,
  person: TestEngine,
  runId: string,
): Promise<string> {
  for (let round = 0; round < mostRounds; round += 1) {
    const run = engine.store.runs.get(runId);
    if (run?.state === "finished") return run.outcome ?? "none";
    const { outcome } = await engine.runs.resume(runId).catch((error: unknown) => {
      // The last thing that the killed process did was to finish it.
      if (isAgent33Error(error) && error.code === "engine.run_finished") return { outcome: "" };
      // It was let go of because the store was busy, and goes on when it is taken up again.
      if (isAgent33Error(error) && error.code === "store.busy") return { outcome: "" };
      throw error;
    });
    if (outcome !== "parked" && outcome !== "") return outcome;
    await answerAll(row, person);
  }
  throw new Error(`the run is not over after ${mostRounds} rounds`);
}

/** The same by a worker, which takes up whatever the journal says is not over. */
async function workOn(
  row: KillRow,
  { engine }: TestEngine,
  person: TestEngine,
  runId: string,
): Promise<string> {
  for (let round = 0; round < mostRounds; round += 1) {
    await engine.runs.work({ untilIdle: true });
    const run = engine.store.runs.get(runId);
    if (run?.state !== "parked")
      return `${run?.outcome ?? "none"}${run?.state === "finished" ? "" : `, but ${run?.state}`}`;
    await answerAll(row, person);
  }
  throw new Error(`the run is not over after ${mostRounds} rounds`);
}

async function answerAll(row: KillRow, person: TestEngine): Promise<void> {
  for (const question of person.engine.store.approvals.list({ state: "pending" })) {
    await person.engine.decideApproval(question.id, row.answer ?? "approved");
  }
}

/** What is wrong with a killed run beside an undisturbed one. */
export function faultsOf(row: KillRow, killed: Trial, whole: Trial): readonly string[] {
  const faults: string[] = [];
  const { unknown, claimed } = killed.story;
  if (unknown.length > 0 && row.turnsOnUnknown === true) {
    const seen = killed.effects.filter((effect) => !effect.startsWith("put ")).length;
    const fits = seen >= claimed && seen <= claimed + unknown.length;
    return fits ? [] : [`${seen} effects, ${claimed} in the log, ${unknown.length} unknown`];
  }
  if (killed.openSteps.length > 0) faults.push(`open steps: ${JSON.stringify(killed.openSteps)}`);
  const counts = (of: readonly string[], effect: string): number =>
    of.filter((one) => one === effect).length;
  let missing = 0;
  for (const effect of new Set([...killed.effects, ...whole.effects])) {
    const [seen, due] = [counts(killed.effects, effect), counts(whole.effects, effect)];
    const again = effect.startsWith("put ") ? 1 : 0;
    if (seen > due + again) faults.push(`"${effect}" happened ${seen} times, not ${due}`);
    missing += Math.max(0, due - seen);
  }
  if (missing > unknown.length)
    faults.push(`${missing} effects are missing, ${unknown.length} unknown`);
  if (killed.outcome !== whole.outcome) faults.push(`${killed.outcome}, not ${whole.outcome}`);
  try {
    deepStrictEqual(without(killed.story, unknown), without(whole.story, unknown));
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    faults.push(`another story: ${words.slice(0, longestDifference)}`);
  }
  return faults;
}

function request(row: KillRow, folder: string, state: string) {
  const common = { effort: undefined, mcpCommands: [] };
  if (row.check === undefined) {
    const script = join(folder, "script.yaml");
    const { turns, agents = {}, says = {}, summaries = [] } = row;
    writeFileSync(script, stringify({ name: "kill", turns, agents: says, summaries }));
    mkdirSync(join(folder, "agents"));
    for (const [name, more] of Object.entries(agents)) {
      const definition = {
        name,
        version: "1",
        role: `The ${name}.`,
        instructions: "Work.",
        ...more,
      };
      writeFileSync(join(folder, "agents", `${name}.yaml`), stringify(definition));
    }
    const task = { kind: "text", text: "Do it.", workspace: folder } as const;
    const agent = Object.keys(agents)[0];
    return {
      ...common,
      task,
      model: `scripted:${script}`,
      ...(agent === undefined ? {} : { agent }),
    };
  }
  const path = writeTask(join(folder, "task"), {
    turns: row.turns,
    check: ["sh", "-c", row.check.replaceAll("$STATE", state)],
  });
  return {
    ...common,
    task: { kind: "folder", path, environment: "host" } as const,
    model: undefined,
  };
}

function askingPack(folder: string): Readonly<Record<string, JsonValue>> {
  const file = join(folder, "asks.yaml");
  const lines = [
    "pack: asks",
    "version: 1",
    "description: for these runs",
    "extends: [default]",
    "default: allow",
    "rules:",
    "  - id: notes",
    '    ask: { connector: "tool:workspace" }',
    "    reason: A person decides.",
  ];
  writeFileSync(file, lines.join("\n"));
  return { "policy.packs": ["asks"], "policy.files": [file] };
}

function notesOf(workspace: string): readonly string[] {
  const path = join(workspace, "notes.txt");
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8").split("\n").filter(Boolean);
}

function openSteps(folder: string, runId: string): readonly JsonValue[] {
  const native = new DatabaseSync(join(folder, ".agent33/agent33.db"), { readOnly: true });
  try {
    return native
      .prepare("SELECT position, name FROM durable_steps WHERE run_id = ? AND state = 'started'")
      .all(runId) as JsonValue[];
  } finally {
    native.close();
  }
}
