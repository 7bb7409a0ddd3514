import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { type Random, seededRandom } from "../../src/base/random.ts";
import { loadConfig } from "../../src/config/config.ts";
import { type CallRecord, createEngine, type Engine, thisHost } from "../../src/engine.ts";
import type { PostedAlerts } from "../support/alert-receiver.ts";
import type { HeavySuite } from "./suite.ts";

const program = join(import.meta.dirname, "../../bin/agent33.js");
/** Calls that the store has before it is looked at. */
const mostCalls = 100_000;
const callsARound = 2_500;
const moreCalls = 100;

interface Place {
  readonly folder: string;
  readonly url: string;
}

/** @param aheadMs how much later it is than it is */
function opened({ folder }: Place, aheadMs = 0): Engine {
  const clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
  const host = { ...thisHost({}), cwd: folder, clock, warn: () => undefined };
  return createEngine(loadConfig({ cwd: folder, env: {}, flags: [] }), host);
}

/**
 * A receiver that takes most of what it is posted, and says no to the others.
 * @param kill called with every third post before it is answered, with every third after that
 */
async function receiver(random: Pick<Random, "next">, kill: () => void = () => undefined) {
  const told: PostedAlerts[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      response.statusCode = random.next() < 0.85 ? 200 : 503;
      if (response.statusCode === 200) {
        told.push(JSON.parse(Buffer.concat(parts).toString("utf8")) as PostedAlerts);
      }
      const moment = random.next();
      if (moment < 1 / 3) kill();
      response.end(() => {
        if (moment > 2 / 3) kill();
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${port}`, told, close };
}

function place(url: string): Place {
  const folder = mkdtempSync(join(tmpdir(), "agent33-alerts-"));
  const alerts = {
    budgetUsd: 100,
    receivers: { ops: { webhook: url } },
    defaultReceivers: ["ops"],
    rules: {
      TenantCostBurnFast: { forMinutes: 0 },
      TenantCostBurnSlow: { enabled: false },
      PriceTableStale: { enabled: false },
    },
  };
  writeFileSync(join(folder, "agent33.config.yaml"), JSON.stringify({ alerts }));
  return { folder, url };
}

const record = (callId: string, tenant: string, costMicroUsd: number): CallRecord => ({
  callId,
  logicalCallId: callId,
  at: Date.now(),
  principal: { tenant, user: "u" },
  connector: "model:paid",
  operation: "chat",
  effect: "read",
  repeat: "safe",
  decision: { effect: "allow", ruleId: "r", matched: ["r"], policyVersion: "1" },
  attempts: [],
  durationMs: 1,
  spend: { costMicroUsd, tokens: 10 },
  outcome: "ok",
});

async function calls(engine: Engine, tenant: string, count: number, usd: number): Promise<void> {
  const sink = engine.audit.sink(tenant);
  const each = Math.round((usd * 1_000_000) / count);
  for (let at = 0; at < count; at += 1) {
    const id = `${tenant}-${Date.now()}-${at}-${Math.round(usd * 1_000)}`;
    sink.closeSoon?.({ record: () => record(id, tenant, each) });
    if (at % 5_000 === 4_999) await engine.audit.flush();
  }
  await engine.audit.flush();
}

/** Milliseconds of this process and of the wall that some work takes. */
async function cost(work: () => Promise<unknown>) {
  const cpu = process.cpuUsage();
  const began = performance.now();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { cpuMs: (user + system) / 1_000, wallMs: performance.now() - began };
}

const shown = ({ cpuMs, wallMs }: { readonly cpuMs: number; readonly wallMs: number }): string =>
  `${cpuMs.toFixed(1)} ms CPU, ${wallMs.toFixed(1)} ms`;

const valueOf = ({ alerts }: Engine): number | undefined =>
  alerts.list({ rule: "TenantCostBurnFast" }).items[0]?.value;

/** What a look costs on a big store, and that what was counted is the same however it came about. */
async function bigStore(manyCalls: number, say: (line: string) => void): Promise<boolean> {
  const hook = await receiver({ next: () => 0 });
  const where = place(hook.url);
  try {
    const first = opened(where);
    await calls(first, "acme", manyCalls, 30);
    await first.audit.settle(["acme"]);
    say(`${manyCalls} calls: the first look ${shown(await cost(() => first.alerts.check()))}`);
    const looks: number[] = [];
    for (let times = 0; times < 20; times += 1) {
      looks.push((await cost(() => first.alerts.check())).cpuMs);
    }
    const median = looks.toSorted((a, b) => a - b)[10] ?? 0;
    say(`a look with nothing new: ${median.toFixed(1)} ms CPU (median of 20)`);
    await calls(first, "acme", moreCalls, 1);
    await first.audit.settle(["acme"]);
    say(`a look with ${moreCalls} calls more: ${shown(await cost(() => first.alerts.check()))}`);
    await first.close();

    const second = opened(where, 60_000);
    say(`the first look after a restart: ${shown(await cost(() => second.alerts.check()))}`);
    const goneOn = valueOf(second);
    await second.close();
    rmSync(join(where.folder, ".agent33", "telemetry", "alerts.json"));
    const third = opened(where, 120_000);
    await third.alerts.check();
    const anew = valueOf(third);
    await third.close();
    say(`what was spent by what may be: ${goneOn} gone on with, ${anew} made anew`);
    return goneOn !== undefined && Math.abs(goneOn - 0.31) < 1e-6 && goneOn === anew;
  } finally {
    await hook.close();
    rmSync(where.folder, { recursive: true, force: true });
  }
}

/** `alerts check`, which somebody may kill. @returns whether it was */
async function looked(where: Place, begun: (child: ChildProcess) => void): Promise<boolean> {
  const child: ChildProcess = spawn(process.execPath, [program, "alerts", "check"], {
    cwd: where.folder,
    stdio: "ignore",
  });
  begun(child);
  const [, signal] = (await once(child, "close")) as [number | null, string | null];
  return signal === "SIGKILL";
}

async function kills(rounds: number, say: (line: string) => void, random: Random) {
  let child: ChildProcess | undefined;
  const hook = await receiver(random, () => child?.kill("SIGKILL"));
  const where = place(hook.url);
  let ended = 0;
  try {
    for (let round = 0; round < rounds; round += 1) {
      const engine = opened(where);
      await calls(engine, `tenant-${round}`, 1, 20);
      await engine.close();
      const begun = (next: ChildProcess): void => {
        child = next;
      };
      if (await looked(where, begun)) ended += 1;
      child = undefined;
    }
    // Those that wait for a receiver are tried again until all are through.
    for (let minute = 1; minute <= 60; minute += 1) {
      const engine = opened(where, minute * 60_000);
      await engine.alerts.check();
      const waits = engine.alerts.show;
      const open = engine.alerts
        .list({ limit: 1_000 })
        .items.some(({ id }) => waits(id).notices.some(({ state }) => state === "due"));
      await engine.close();
      if (!open && minute > 5) break;
    }
    const times = new Map<string, number>();
    for (const { alerts } of hook.told) {
      for (const { labels } of alerts) {
        const tenant = labels["tenant"] ?? "";
        times.set(tenant, (times.get(tenant) ?? 0) + 1);
      }
    }
    const doubles = [...times.values()].filter((count) => count > 1).length;
    const lost = Array.from({ length: rounds }, (_, at) => `tenant-${at}`).filter(
      (tenant) => !times.has(tenant),
    );
    const engine = opened(where, 3_600_000);
    const twice = engine.alerts
      .list({ limit: 1_000 })
      .items.filter(({ episode }) => episode > 1).length;
    await engine.close();
    say(
      `${rounds} alerts, ${ended} looks killed, 1 of 7 posts refused: ${lost.length} never told, ${doubles} in more than one message, ${twice} fired twice, ${hook.told.length} messages`,
    );
    return { passed: rounds - lost.length - twice, failed: lost.length + twice };
  } finally {
    await hook.close();
    rmSync(where.folder, { recursive: true, force: true });
  }
}

/** What a look costs, and that nothing is lost of what is to be told. */
export const alerts: HeavySuite = {
  about: "looks at alerts on a store with 100,000 calls, and looks that are killed",
  defaultRounds: 40,
  run: async (rounds, say, seed) => {
    const isSame = await bigStore(Math.min(mostCalls, rounds * callsARound), say);
    const { passed, failed } = await kills(rounds, say, seededRandom(seed));
    return { passed: passed + Number(isSame), failed: failed + Number(!isSame) };
  },
};
