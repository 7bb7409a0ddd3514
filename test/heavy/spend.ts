import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "../../src/base/random.ts";
import { loadConfig } from "../../src/config/config.ts";
import { type CallRecord, thisHost } from "../../src/engine.ts";
import { type Engines, openEngines } from "../../src/engine/engines.ts";
import type { Host } from "../../src/engine/host.ts";
import type { HeavySuite } from "./suite.ts";

const callsARound = 5_000;
const roundsAnEngine = 3;
const daysBack = 90;
const tenants = ["default", "acme", "zenith"];
const dimensions = ["tenant", "model", "effort", "outcome", "connector"] as const;

/** The audit, the metrics and the spend over many calls of three months, with restarts in between. */
export const spend: HeavySuite = {
  about: "sums the audit, the metrics and the spend over many calls, with restarts in between",
  defaultRounds: 20,
  run: async (rounds, say, seed) => {
    const folder = mkdtempSync(join(tmpdir(), "agent33-spend-"));
    const host = { ...thisHost({ PATH: process.env["PATH"] ?? "" }), cwd: folder };
    const random = seededRandom(seed);
    let passed = 0;
    let failed = 0;
    let engines = await opened(folder, host);
    try {
      for (let round = 1; round <= rounds; round += 1) {
        const before = performance.now();
        for (const tenant of tenants) record(engines, tenant, host, () => random.next());
        await engines.own.audit.settle(tenants);
        const linked = performance.now();
        const faults = await compare(engines);
        const compared = performance.now();
        failed += faults.length;
        passed += checksOfARound - faults.length;
        for (const fault of faults) say(`round ${round}: ${fault}`);
        const [wrote, read] = [linked - before, compared - linked].map(Math.round);
        const warm = await timed(() => engines.own.metrics.spend({ by: ["model"], limit: 20 }));
        say(
          `round ${round}: ${round * callsARound * tenants.length} calls; ${wrote} ms to write and link, ${read} ms to sum and compare, ${warm} ms for a spend that is up to date`,
        );
        if (round % roundsAnEngine !== 0) continue;
        await engines.close();
        engines = await opened(folder, host);
      }
      const kept = await whole(engines);
      await engines.close();
      rmSync(join(folder, ".agent33", "telemetry"), { recursive: true });
      engines = await opened(folder, host);
      const began = performance.now();
      const anew = await whole(engines);
      const isSame = anew === kept;
      passed += isSame ? 1 : 0;
      failed += isSame ? 0 : 1;
      say(
        `made anew from the audit in ${Math.round(performance.now() - began)} ms, ${isSame ? "and the same" : "but not the same"}`,
      );
    } finally {
      await engines.close();
      rmSync(folder, { recursive: true, force: true });
    }
    return { passed, failed };
  },
};

function opened(folder: string, host: Host): Promise<Engines> {
  const flag = { setting: "store.synchronous", flag: "--store.synchronous", value: "normal" };
  const config = loadConfig({ cwd: folder, env: {}, flags: [flag] });
  return openEngines(config, host);
}

function record(engines: Engines, tenant: string, host: Host, next: () => number): void {
  const { store } = engines.of(tenant);
  const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(next() * from.length)];
  store.transactions.transaction(() => {
    for (let made = 0; made < callsARound; made += 1) {
      const callId = host.ids();
      const model = pick(["openai:gpt-5", "anthropic:claude", "openai-compatible:own", undefined]);
      const tier = pick(["low", "medium", "high", undefined] as const);
      const isPriced = next() < 0.8;
      const call: CallRecord = {
        callId,
        logicalCallId: callId,
        at: host.clock.now() - Math.floor(next() * daysBack * 86_400_000),
        principal: { tenant, user: "heavy" },
        connector: model === undefined ? "mcp:files" : `model:${model.split(":")[0] ?? ""}`,
        operation: model === undefined ? "tools/call" : "chat",
        effect: "read",
        repeat: "safe",
        ...(model === undefined ? {} : { model }),
        decision: { effect: "allow", ruleId: "heavy/all", matched: [], policyVersion: "1" },
        attempts: [],
        durationMs: next() * 1000,
        ...(model === undefined
          ? {}
          : {
              spend: {
                tokens: Math.floor(next() * 10_000),
                ...(isPriced ? { costMicroUsd: Math.floor(next() * 1_000_000) } : {}),
              },
            }),
        ...(tier === undefined ? {} : { tier }),
        outcome: next() < 0.9 ? "ok" : "boundary.timeout",
      };
      store.audit.close(call);
    }
  });
}

/** All that can be told, whatever the order in which it was counted. */
async function whole(engines: Engines): Promise<string> {
  const { own } = engines;
  const found = await own.metrics.spend({
    by: ["tenant", "model", "outcome"],
    every: "hour",
    limit: 100,
  });
  return JSON.stringify(found);
}

interface Sums {
  calls: number;
  costMicroUsd: number;
  tokens: number;
  unpricedCalls: number;
}
const names = ["calls", "costMicroUsd", "tokens", "unpricedCalls"] as const;
/** The totals of each tenant and of all, the metrics, and each way to group, each in four figures. */
const checksOfARound = 4 * (tenants.length + 1 + 1 + 2 * dimensions.length);

async function compare(engines: Engines): Promise<readonly string[]> {
  const faults: string[] = [];
  const hold = (what: string, found: Sums, expected: Sums): void => {
    for (const name of names) {
      if (found[name] === expected[name]) continue;
      faults.push(`${what}: ${name} is ${found[name]}, not ${expected[name]}`);
    }
  };
  const { metrics } = engines.own;
  const all = none();
  for (const tenant of tenants) {
    const own = ledger(engines, tenant);
    for (const name of names) all[name] += own[name];
    const { totals } = await metrics.spend({ by: [], limit: 1, where: { tenant } });
    hold(`the spend of ${tenant}`, totals, own);
  }
  hold("the spend of all", (await metrics.spend({ by: [], limit: 1 })).totals, all);
  hold("the metrics", exposed(await metrics.text()), all);
  for (const by of dimensions) {
    const found = await metrics.spend({ by: [by], every: "hour", limit: 2 });
    hold(
      `by ${by}`,
      summed([...found.items, ...(found.others === null ? [] : [found.others])]),
      all,
    );
    hold(`by ${by}, over time`, summed(found.series ?? []), all);
  }
  return faults;
}

/** The sum of a tenant's audit, row by row. */
function ledger(engines: Engines, tenant: string): Sums {
  const { audit } = engines.of(tenant).store;
  const sums = none();
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page = audit.list({ limit: 1000, ...(cursor === "" ? {} : { cursor }) });
    for (const { record: call } of page.items) {
      const spent = call["spend"] as Partial<Sums> | undefined;
      sums.calls += 1;
      sums.costMicroUsd += spent?.costMicroUsd ?? 0;
      sums.tokens += spent?.tokens ?? 0;
      if ((spent?.tokens ?? 0) > 0 && spent?.costMicroUsd === undefined) sums.unpricedCalls += 1;
    }
    cursor = page.nextCursor;
  }
  return sums;
}

function exposed(text: string): Sums {
  const of = (name: string): number =>
    text
      .split("\n")
      .filter((line) => line.startsWith(`${name}{`))
      .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
  return {
    calls: of("agent33_calls_total"),
    costMicroUsd: of("agent33_cost_micro_usd_total"),
    tokens: of("agent33_call_tokens_total"),
    unpricedCalls: of("agent33_unpriced_calls_total"),
  };
}

function summed(parts: readonly Readonly<Sums>[]): Sums {
  const sums = none();
  for (const part of parts) for (const name of names) sums[name] += part[name];
  return sums;
}

const none = (): Sums => ({ calls: 0, costMicroUsd: 0, tokens: 0, unpricedCalls: 0 });

async function timed(work: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  await work();
  return Math.round(performance.now() - before);
}
