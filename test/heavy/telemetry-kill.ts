import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { seededRandom } from "../../src/base/random.ts";
import { loadConfig } from "../../src/config/config.ts";
import { createEngine, type Engine, thisHost } from "../../src/engine.ts";
import { startTraceCollector, type TraceCollector } from "../support/trace-collector.ts";
import type { HeavySuite } from "./suite.ts";

interface Line {
  readonly id: string;
  readonly type: string;
  readonly costMicroUsd?: number | null;
}

const worker = join(import.meta.dirname, "children/telemetry-worker.ts");
const guard = join(import.meta.dirname, "../../src/boundary/egress/guard.cjs");

/** Starts a worker at a decision and kills it at another; says where the next one goes on. */
async function work(
  folder: string,
  url: string,
  range: { readonly from: number; readonly to: number; readonly killAt: number | undefined },
  onStep: (at: number) => void,
): Promise<number> {
  const { from, to, killAt } = range;
  const words = ["--require", guard, worker, folder, url, String(from), String(to)];
  const child: ChildProcess = spawn(process.execPath, words, {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  let last = from;
  if (child.stdout === null) throw new Error("The worker has no output.");
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === "done") last = to;
    else {
      last = Number(line) + 1;
      onStep(last);
    }
    if (killAt !== undefined && last >= killAt) child.kill("SIGKILL");
  }
  const [code, signal] = (await ended) as [number | null, string | null];
  if (code !== 0 && signal !== "SIGKILL") throw new Error(`The worker ended with ${code}.`);
  // What was decided between its last word and its end is in the store, and counts as well.
  return code === 0 ? to : last;
}

/** The audit's calls, row by row, and what they cost. */
function ledgerOf({ store }: Engine) {
  const ids: string[] = [];
  let money = 0;
  let cursor: string | null = null;
  do {
    const page = store.audit.list({ limit: 1000, ...(cursor === null ? {} : { cursor }) });
    for (const { callId, connector, state, record } of page.items) {
      if (connector === "http:engine.telemetry" || state !== "closed") continue;
      ids.push(callId);
      money += (record["spend"] as { costMicroUsd?: number } | undefined)?.costMicroUsd ?? 0;
    }
    cursor = page.nextCursor;
  } while (cursor !== null);
  return { ids, money };
}

function runsOf({ store }: Engine): number {
  let count = 0;
  let cursor: string | null = null;
  do {
    const page = store.runs.list({ limit: 1000, ...(cursor === null ? {} : { cursor }) });
    count += page.items.length;
    cursor = page.nextCursor;
  } while (cursor !== null);
  return count;
}

const sumOf = (text: string, name: string): number =>
  text
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`))
    .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);

async function settled(folder: string, collector: TraceCollector, say: (line: string) => void) {
  const config = loadConfig({
    cwd: folder,
    env: {},
    flags: [
      { setting: "store.synchronous", flag: "--s", value: "normal" },
      { setting: "telemetry.jsonl", flag: "--j", value: "told.jsonl" },
      { setting: "telemetry.otlp.url", flag: "--o", value: collector.url },
    ],
  });
  const host = { ...thisHost({}), cwd: folder, warn: () => undefined };
  const engine = createEngine(config, host);
  try {
    // What processes that were killed left without a link is linked here; a breaker may be open yet.
    await engine.metrics.text();
    for (let tries = 0; ; tries += 1) {
      try {
        await engine.telemetry.look();
        break;
      } catch (error) {
        if (tries === 120) throw error;
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
    }
    const text = await engine.metrics.text();
    // What GET /v1/spend answers with, which the page shows.
    const { totals } = await engine.metrics.spend({ by: ["tenant"], limit: 10 });
    return { ...ledgerOf(engine), runs: runsOf(engine), text, spent: totals.costMicroUsd };
  } finally {
    await engine.close();
    say("       all that was left is handed over");
  }
}

export const telemetryKill: HeavySuite = {
  about: "kills collector and engine while so many decisions are handed over, and counts them all",
  defaultRounds: 20_000,
  run: async (decisions, say, seed) => {
    const random = seededRandom(seed);
    const folder = mkdtempSync(join(tmpdir(), "agent33-telemetry-"));
    const collector = await startTraceCollector();
    const { url } = collector;
    const part = Math.max(50, Math.floor(decisions / 8));
    let kills = 0;
    let downs = 0;
    let isUp = true;
    let moving: Promise<void> = Promise.resolve();
    let nextMove = part / 2;
    const move = (at: number): void => {
      if (at < nextMove) return;
      nextMove = at + part * (0.3 + random.next() * 0.5);
      isUp = !isUp;
      if (!isUp) downs += 1;
      moving = moving.then(isUp ? collector.start : collector.stop);
    };
    try {
      let at = 0;
      while (at < decisions) {
        const killAt = at + Math.ceil(part * (0.4 + random.next()));
        const isLast = killAt >= decisions;
        at = await work(
          folder,
          url,
          { from: at, to: decisions, killAt: isLast ? undefined : killAt },
          move,
        );
        if (!isLast) kills += 1;
      }
      await moving;
      if (!isUp) await collector.start();
      const { ids, money, runs, text, spent } = await settled(folder, collector, say);
      const path = join(folder, "told.jsonl");
      const lines = existsSync(path)
        ? readFileSync(path, "utf8")
            .trimEnd()
            .split("\n")
            .map((line) => JSON.parse(line) as Line)
        : [];
      const told = lines.filter(({ type }) => type === "call").map(({ id }) => id);
      const decided = lines.filter(({ type }) => type === "decision").length;
      const spans = [...collector.spans.values()];
      const sent = new Set(
        spans.flatMap(({ attributes }) =>
          attributes.flatMap(({ key, value }) =>
            key === "agent33.call.id" ? [value.stringValue ?? ""] : [],
          ),
        ),
      );
      const effort = spans.filter(({ name }) => name.startsWith("decide_effort ")).length;
      const inFile = lines.reduce((sum, { type, costMicroUsd }) => {
        return sum + (type === "call" ? (costMicroUsd ?? 0) : 0);
      }, 0);
      const shown = sumOf(text, "agent33_cost_micro_usd_total");
      say(
        `       ${ids.length} calls and ${runs} runs decided; engine killed ${kills} times, collector away ${downs} times; ${collector.received()} spans received, ${spans.length} of them different`,
      );
      say(`       micro-USD: ledger ${money}, metrics ${shown}, spend ${spent}, file ${inFile}`);
      const holds: readonly (readonly [string, boolean])[] = [
        ["as many decisions as were asked for, or more", ids.length >= decisions],
        ["the engine was killed and the collector was away", kills > 0 && downs > 0],
        ["each call is in the file", new Set(told).isSupersetOf(new Set(ids))],
        ["no call is in the file twice", told.length === ids.length],
        ["each decision on effort is in the file once", decided === runs],
        ["no line is there twice", new Set(lines.map(({ id }) => id)).size === lines.length],
        ["each call was sent to the collector", sent.isSupersetOf(new Set(ids))],
        ["each decision on effort was sent to the collector", effort === runs],
        ["the metrics say what the ledger says", shown === money],
        ["the page's figure is what the ledger says", spent === money],
        ["the file's sum is the ledger's", inFile === money],
      ];
      for (const [what, isSo] of holds) say(`${isSo ? "ok    " : "FAILED"} ${what}`);
      const passed = holds.filter(([, isSo]) => isSo).length;
      return { passed, failed: holds.length - passed };
    } finally {
      await moving;
      await collector.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
