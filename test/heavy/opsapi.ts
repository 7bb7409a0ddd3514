import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { loadConfig } from "../../src/config/config.ts";
import { createEngine, thisHost } from "../../src/engine.ts";
import { type ApiServer, startServer } from "../../src/http/server.ts";
import type { HeavySuite } from "./suite.ts";

const callsAtOnce = 20;
const warmScrapes = 20;

/** What an operator asks of servers over a store with so many calls: figures, trace, policy, store. */
export const opsapi: HeavySuite = {
  about: "asks two servers of one store for figures and long work (rounds are calls in the store)",
  defaultRounds: 100_000,
  run: async (calls, say) => {
    const folder = mkdtempSync(join(tmpdir(), "agent33-heavy-opsapi-"));
    let passed = 0;
    let failed = 0;
    const check = (what: string, holds: boolean): void => {
      if (holds) passed += 1;
      else failed += 1;
      say(`${holds ? "held" : "NOT HELD"}: ${what}`);
    };
    try {
      await timed("making the calls", say, () => makeCalls(folder, calls));
      const first = await serverIn(folder);
      const key = first.firstKey ?? "";
      const cold = await scraped("the first scrape ever, of a new store's sums", first, key, say);
      const second = await serverIn(folder);
      const other = await scraped("the first scrape of a second server", second, key, say);
      const [one, two] = await Promise.all([scrape(first, key), scrape(second, key)]);
      check(`${calls} calls are in the first sums`, callsIn(cold) === calls);
      check("a second server says the same", callsIn(other) === calls);
      check("two that are asked at once say the same sums", sumsOf(one) === sumsOf(two));
      await warm(first, key, say);
      await longWork(first, key, say, check);
      await Promise.all([first.close(), second.close()]);
      const again = await serverIn(folder);
      const kept = await scraped("the first scrape after a restart", again, key, say);
      check("the sums are the same after a restart", callsIn(kept) === calls);
      await again.close();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    return { passed, failed };
  },
};

function configIn(folder: string) {
  const settings = { "store.synchronous": "normal", "serve.port": 0, "backup.everyMinutes": 0 };
  const flags = Object.entries(settings).map(([setting, value]) => ({
    setting,
    flag: `--${setting}`,
    value,
  }));
  return loadConfig({ cwd: folder, env: {}, flags });
}

const hostIn = (folder: string) => ({
  ...thisHost({ PATH: process.env["PATH"] ?? "", TMPDIR: tmpdir() }),
  cwd: folder,
});

async function makeCalls(folder: string, calls: number): Promise<void> {
  const engine = createEngine(configIn(folder), hostIn(folder));
  const connector = engine.boundary.connector<number, number, never>({
    id: "model:heavy",
    facts: () => ({ operation: "chat", effect: "read", repeat: "safe" }),
    run: async ({ input }) => input,
    measure: (costMicroUsd) => ({ costMicroUsd, tokens: 10 }),
  });
  const principal = { tenant: "default", user: "u", agent: "a" } as never;
  for (let made = 0; made < calls; made += callsAtOnce) {
    const some = Array.from({ length: Math.min(callsAtOnce, calls - made) }, (_, at) => made + at);
    await Promise.all(some.map((number) => connector.call((number % 9) + 1, { principal })));
  }
  await engine.close();
}

const serverIn = (folder: string): Promise<ApiServer> =>
  startServer(configIn(folder), hostIn(folder));

async function ask(
  { address }: ApiServer,
  key: string,
  path: string,
  body?: unknown,
): Promise<Response> {
  const method = body === undefined ? "GET" : "POST";
  return fetch(`${address}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function scrape(server: ApiServer, key: string): Promise<string> {
  const answer = await ask(server, key, "/metrics");
  if (answer.status !== 200) throw new Error(`/metrics answered ${answer.status}`);
  return answer.text();
}

async function timed<T>(
  what: string,
  say: (line: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const began = performance.now();
  const result = await work();
  const took = performance.now() - began;
  delay.disable();
  const longest = (delay.max / 1e6).toFixed(0);
  say(`${what}: ${took.toFixed(0)} ms; the longest that others waited meanwhile: ${longest} ms`);
  return result;
}

const scraped = (
  what: string,
  server: ApiServer,
  key: string,
  say: (line: string) => void,
): Promise<string> => timed(what, say, () => scrape(server, key));

async function warm(server: ApiServer, key: string, say: (line: string) => void): Promise<void> {
  const times: number[] = [];
  for (let count = 0; count < warmScrapes; count += 1) {
    const began = performance.now();
    await scrape(server, key);
    times.push(performance.now() - began);
  }
  const sorted = times.toSorted((one, other) => one - other);
  const [median = 0, most = 0] = [sorted[warmScrapes / 2], sorted.at(-1)];
  say(`later scrapes: median ${median.toFixed(1)} ms, longest ${most.toFixed(1)} ms`);
}

const callsIn = (text: string): number =>
  text
    .split("\n")
    .filter((line) => /^agent33_calls_total\{.*model:heavy/.test(line))
    .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);

const sumsOf = (text: string): string =>
  text
    .split("\n")
    .filter((line) => /^agent33_\w+_total/.test(line))
    .toSorted()
    .join("\n");

/** Each piece of long work is begun, and looked at until it is over. */
async function longWork(
  server: ApiServer,
  key: string,
  say: (line: string) => void,
  check: (what: string, holds: boolean) => void,
): Promise<void> {
  const pack = "pack: heavy\nversion: 1\ndescription: x\ndefault: deny\nrules: []\n";
  const works: readonly (readonly [string, string, unknown])[] = [
    ["replaying the policy", "/v1/policy/replay", { after: { sent: [{ text: pack }] } }],
    ["a check of the store", "/v1/store/check", {}],
    ["a backup", "/v1/store/backups", {}],
    ["verifying the backups", "/v1/store/backups/verify", {}],
    ["a recount", "/v1/store/recount", {}],
  ];
  for (const [what, path, body] of works) {
    const operation = await timed(what, say, async () => {
      const begun = await ask(server, key, path, body);
      const place = begun.headers.get("location") ?? "";
      for (;;) {
        const now = (await (await ask(server, key, place)).json()) as { state: string };
        if (now.state !== "running") return now;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    });
    check(`${what} is done`, operation.state === "done");
  }
}
