import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { seededRandom } from "../../src/base/random.ts";
import { effectsTools, startEffectsPeer } from "../support/effects-peer.ts";
import { type Asker, createAsker } from "./serve/asking.ts";
import { createFollower, followWithCuts, type Follower, type Truth } from "./serve/follower.ts";
import { flatness, inspected, watchMemory, withoutInspector } from "./serve/memory.ts";
import { type MixReport, sendMix } from "./serve/mix.ts";
import { startModelsPeer } from "./serve/models-peer.ts";
import { type Served, serverFolder, startServed } from "./serve/served.ts";
import type { HeavySuite } from "./suite.ts";
import { processorMs } from "./workers/worker.ts";

const runsAtOnce = 25;
const readersEach = 20;
const requestsPerSecond = 200;
/** Events that one turn with one call of a tool leaves in a log. */
const eventsATurn = 4;
const eventsPerSecond = 5;
const turnMs = (eventsATurn / eventsPerSecond) * 1000;
/** Seconds that the runs go on after the load. */
const spareSeconds = 3;
/** Milliseconds in which the process warms up, and seconds from which on memory is judged. */
const warmMs = 60_000;
const judgedFromSeconds = 90;

/** Turns that each look once more, and an end. */
function turnsFor(seconds: number) {
  const usage = { input_tokens: 100, output_tokens: 10 };
  const looks = Array.from({ length: Math.ceil((seconds * 1000) / turnMs) }, (_, index) => ({
    text: `I look at ${index}.`,
    tool_calls: [{ name: "effects__look", arguments: { what: `page ${index}` } }],
    usage,
  }));
  return [...looks, { text: "I have seen all.", usage }];
}

async function startRuns(asker: Asker): Promise<readonly string[]> {
  const runs: string[] = [];
  for (let index = 0; index < runsAtOnce; index += 1) {
    const made = await asker.ask("POST", "/v1/runs", { task: `Look at all pages, ${index}.` });
    if (made.kind !== "answer" || made.status !== 201) {
      throw new Error(`a run was not started: ${JSON.stringify(made)}`);
    }
    runs.push((made.body as { id: string }).id);
  }
  return runs;
}

/** Until all of them are worked on. */
async function untilRunning(asker: Asker, runs: readonly string[]): Promise<void> {
  for (const id of runs) {
    for (let tries = 0; ; tries += 1) {
      const shown = await asker.ask("GET", `/v1/runs/${id}`);
      if (shown.kind === "answer" && (shown.body as { state?: string }).state === "running") break;
      if (tries > 600) throw new Error(`run ${id} is not worked on: ${JSON.stringify(shown)}`);
      await delay(50);
    }
  }
}

/** What was wrong with what the followers of a run saw, besides what each noticed itself. */
async function missed(
  asker: Asker,
  followers: readonly Follower[],
  truths: ReadonlyMap<string, Truth>,
): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const [runId, truth] of truths) {
    const all = await asker.ask("GET", `/v1/runs/${runId}/events`);
    const places = all.kind === "answer" ? [...all.text.matchAll(/^id: (\d+)$/gm)] : [];
    const last = Number(places.at(-1)?.[1] ?? 0);
    if (last === 0 || last !== truth.size)
      faults.push(`run ${runId}: ${last} in all, ${truth.size} seen`);
    for (const { place, events, runId: whose } of followers) {
      if (whose === runId && (place !== last || events !== last)) {
        faults.push(`run ${runId}: of ${last} events somebody got ${events}, up to ${place}`);
      }
    }
  }
  return faults;
}

function shownMix({ sent, perSecond, kinds }: MixReport): string {
  const each = Object.entries(kinds).map(
    ([kind, { count, p50, p99 }]) => `${kind} ${count}× ${p50.toFixed(0)}/${p99.toFixed(0)} ms`,
  );
  return `${sent} requests at ${perSecond.toFixed(0)}/s; p50/p99: ${each.join(", ")}`;
}

async function underLoad(
  served: Served,
  {
    seconds,
    say,
    seed,
  }: { readonly seconds: number; readonly say: (line: string) => void; readonly seed: number },
): Promise<readonly (readonly [string, readonly string[]])[]> {
  const { address, firstKey = "", pid } = served;
  const random = seededRandom(seed);
  const asker = createAsker(address, firstKey);
  const runs = await startRuns(asker);
  await untilRunning(asker, runs);
  const truths = new Map<string, Truth>(runs.map((id) => [id, new Map()]));
  const followers = runs.flatMap((id) =>
    Array.from({ length: readersEach }, () =>
      createFollower(id, firstKey, truths.get(id) ?? new Map()),
    ),
  );
  const watched = await watchMemory(pid, served.complaints());
  const busyBefore = processorMs(pid);
  const began = performance.now();
  const following = followers.map((follower) => followWithCuts(follower, address, random));
  const mix = await sendMix(asker, runs, { perSecond: requestsPerSecond, seconds, random });
  await watched.stop();
  const share = (processorMs(pid) - busyBefore) / (performance.now() - began);
  const events = [...truths.values()].reduce((sum, { size }) => sum + size, 0);
  say(`       ${shownMix(mix)}`);
  say(
    `       ${events} events of ${runs.length} runs (${(events / runs.length / ((performance.now() - began) / 1000)).toFixed(1)} a second each) to ${followers.length} readers; the server used ${(share * 100).toFixed(0)} % of a processor`,
  );
  const wrongly = (await Promise.all(following)).flat();
  const connections = followers.reduce((sum, follower) => sum + follower.connections, 0);
  const got = followers.reduce((sum, follower) => sum + follower.events, 0);
  say(
    `       ${got} events came over ${connections} connections, ${connections - followers.length} of them again`,
  );
  const lost = await missed(asker, followers, truths);
  const { warm, end, limit, isFlat } = flatness(watched.samples, warmMs);
  const memory = `kept ${warm.toFixed(0)} MB after ${(warmMs / 1000).toFixed(0)} s, ${end.toFixed(0)} MB at the end, ${limit.toFixed(0)} MB allowed; with garbage at most ${watched.most().toFixed(0)} MB`;
  const now = watched.samples.at(-1)?.megabytes ?? 0;
  say(
    seconds < judgedFromSeconds
      ? `       memory: ${now.toFixed(0)} MB kept, with garbage at most ${watched.most().toFixed(0)} MB; it is judged from ${judgedFromSeconds} seconds on`
      : `       memory: ${memory}`,
  );
  asker.close();
  return [
    ["no event is lost or doubled", [...wrongly, ...lost]],
    ["every answer is right", mix.faults],
    // What a young process takes says nothing of what an old one keeps.
    ...(seconds < judgedFromSeconds ? [] : [["memory is flat", isFlat ? [] : [memory]] as const]),
  ];
}

export const serveLoad: HeavySuite = {
  about:
    "serves 25 runs of 5 events a second to 500 readers that are cut off at random, and 200 requests a second; rounds are seconds",
  defaultRounds: 120,
  run: async (seconds, say, seed) => {
    const effects = await startEffectsPeer("/dev/null", async () => {
      await delay(turnMs - 60);
    });
    const models = await startModelsPeer();
    const folder = serverFolder("serve-load", {
      model: "scripted:turns.yaml",
      baseUrl: models.baseUrl,
      limits: { maxSteps: 10_000, maxTokens: 100_000_000 },
      serve: { concurrency: runsAtOnce, requestsPerMinute: 1_000_000 },
      mcpServers: { effects: { type: "http", url: effects.url, tools: effectsTools } },
    });
    const turns = turnsFor(seconds + spareSeconds);
    writeFileSync(join(folder, "turns.yaml"), JSON.stringify({ name: "looks", turns }));
    const served = await startServed(folder, inspected);
    let failed = 0;
    let passed = 0;
    try {
      for (const [name, faults] of await underLoad(served, { seconds, say, seed })) {
        if (faults.length === 0) passed += 1;
        else failed += 1;
        say(`${faults.length === 0 ? "ok    " : "FAILED"} ${name}`);
        for (const fault of faults.slice(0, 10)) say(`         ${fault}`);
      }
      served.kill("SIGTERM");
      const { code, stderr } = await served.cli.ended;
      const told = withoutInspector(stderr)
        .split("\n")
        .filter((line) => line !== "" && !line.startsWith("closing:"));
      const ended = code === 0 && told.length === 0;
      if (ended) passed += 1;
      else failed += 1;
      say(`${ended ? "ok    " : "FAILED"} the server ends in order and complained of nothing`);
      if (!ended) say(`         exit code ${code}: ${told.slice(0, 5).join("; ")}`);
    } catch (error) {
      throw new Error(`the server says: ${served.complaints()}`, { cause: error });
    } finally {
      if (served.cli.child.exitCode === null) served.kill("SIGKILL");
      await effects.close();
      await models.close();
      if (failed === 0) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
      else say(`       see ${folder}`);
    }
    return { passed, failed };
  },
};
