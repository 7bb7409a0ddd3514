import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import type { JsonValue } from "../../src/base/json.ts";
import type { Engine } from "../../src/engine.ts";
import { runInProcess } from "../support/cli.ts";
import { type AlertReceiver, alertReceiver } from "../support/alert-receiver.ts";
import { grantTests, loopback } from "../support/egress.ts";
import { type TestEngine, testEngine } from "../support/engine.ts";

grantTests("receivers of alerts on this machine", { connect: loopback });

/** The time of the wall, which tests set forward. */
let aheadMs = 0;
const clock: Clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
const minutes = (count: number): void => {
  aheadMs += count * 60_000;
};

const warned: string[] = [];
const engines: TestEngine[] = [];
afterEach(async () => {
  for (const made of engines.splice(0)) await made.engine.close();
  aheadMs = 0;
  warned.length = 0;
});

function opened(settings: Readonly<Record<string, JsonValue>>, folder?: string): TestEngine {
  const warn = (message: string): void => void warned.push(message);
  const made = testEngine(settings, folder, {}, { clock, warn });
  engines.push(made);
  return made;
}

async function closed(made: TestEngine): Promise<void> {
  engines.splice(engines.indexOf(made), 1);
  await made.engine.close();
}

/** Only the alert of a tenant that spends fast, at once, of which a receiver is told. */
const settingsFor = ({ url }: AlertReceiver): Readonly<Record<string, JsonValue>> => ({
  "alerts.budgetUsd": 100,
  "alerts.receivers": { ops: { webhook: `${url}/engine` } },
  "alerts.defaultReceivers": ["ops"],
  "alerts.rules": {
    TenantCostBurnFast: { forMinutes: 0 },
    TenantCostBurnSlow: { enabled: false },
    PriceTableStale: { enabled: false },
  },
});

/** Calls of a tenant that cost so many US dollars together. */
async function spend({ boundary }: Engine, tenant: string, usd: number): Promise<void> {
  const connector = boundary.connector<number, number, never>({
    id: "model:paid",
    facts: () => ({ operation: "chat", effect: "read", repeat: "safe" }),
    run: async ({ input }) => input,
    estimate: (costMicroUsd) => ({ costMicroUsd, tokens: 10 }),
    measure: (costMicroUsd) => ({ costMicroUsd, tokens: 10 }),
  });
  await connector.call(usd * 1_000_000, { principal: { tenant, user: "u" } });
}

const firing = ({ alerts }: Engine) => alerts.list({ state: "firing" }).items;
const kinds = ({ alerts }: Engine) => alerts.history().items.map(({ kind }) => kind);

describe("a tenant that spends fast", () => {
  test("is told of in the form of Alertmanager, once, and again when it is over", async () => {
    const receiver = await alertReceiver();
    const { engine } = opened(settingsFor(receiver));
    await spend(engine, "acme", 3);
    await engine.alerts.check();
    // Much of the budget, and little money.
    expect(firing(engine)).toEqual([]);
    await spend(engine, "acme", 20);
    expect(await engine.alerts.check()).toBe(true);
    const [alert] = firing(engine);
    expect(alert).toMatchObject({
      rule: "TenantCostBurnFast",
      aboutTenant: "acme",
      labels: { tenant: "acme" },
      value: 0.23,
    });
    expect(receiver.posted).toMatchObject([
      {
        path: "/engine",
        body: {
          version: "4",
          status: "firing",
          receiver: "ops",
          groupLabels: { alertname: "TenantCostBurnFast", owner: "platform-oncall" },
          alerts: [
            {
              status: "firing",
              labels: { tenant: "acme", severity: "page" },
              annotations: {
                value: "23 %",
                runbook_url: "docs/operations/alerts/tenant-cost-burn.md",
              },
              endsAt: "0001-01-01T00:00:00Z",
              fingerprint: alert?.id,
            },
          ],
        },
      },
    ]);
    minutes(1);
    await engine.alerts.check();
    expect(receiver.posted).toHaveLength(1);
    minutes(20);
    await engine.alerts.check();
    expect(firing(engine)).toEqual([]);
    expect(receiver.posted.at(-1)?.body).toMatchObject({ status: "resolved" });
    expect(receiver.posted).toHaveLength(2);
    expect(kinds(engine)).toEqual(["told", "resolved", "told", "fired"]);
  });

  test("is told of again after a while, unless somebody has taken it on", async () => {
    const receiver = await alertReceiver();
    const { engine } = opened({ ...settingsFor(receiver), "alerts.repeatMinutes": 2 });
    await spend(engine, "acme", 30);
    await engine.alerts.check();
    minutes(2);
    await engine.alerts.check();
    expect(receiver.posted).toHaveLength(2);
    const [alert] = firing(engine);
    engine.alerts.acknowledge(alert?.id ?? "", "looking", { user: "mara" });
    minutes(2);
    await engine.alerts.check();
    expect(receiver.posted).toHaveLength(2);
    expect(engine.alerts.show(alert?.id ?? "").alert.acknowledged).toMatchObject({
      by: "mara",
      note: "looking",
    });
    const acts = engine.store.audit.list({ connector: "alerts" }).items;
    expect(acts).toMatchObject([{ operation: "alerts.acknowledge", outcome: "ok" }]);
    expect(JSON.stringify(acts)).toContain("mara");
    // It is over, and that is told.
    minutes(20);
    await engine.alerts.check();
    expect(receiver.posted.at(-1)?.body.status).toBe("resolved");
    expect(() => engine.alerts.acknowledge(alert?.id ?? "", "", { user: "mara" })).toThrowError(
      expect.objectContaining({ code: "alerts.not_firing" }),
    );
  });

  test("is not told of while it is silenced, and is when that ends", async () => {
    const receiver = await alertReceiver();
    const { engine } = opened(settingsFor(receiver));
    const endsAt = clock.now() + 60_000;
    const matchers = { rule: "TenantCostBurnFast", tenant: "acme" };
    engine.alerts.silence({ matchers, reason: "load test", endsAt }, { user: "mara" });
    await spend(engine, "acme", 30);
    await spend(engine, "globex", 30);
    await engine.alerts.check();
    expect(firing(engine)).toHaveLength(2);
    expect(
      receiver.posted.flatMap(({ body }) => body.alerts.map((one) => one.labels["tenant"])),
    ).toEqual(["globex"]);
    minutes(1.5);
    await engine.alerts.check();
    const last = receiver.posted.at(-1)?.body.alerts.map((one) => one.labels["tenant"]);
    expect(last?.toSorted()).toEqual(["acme", "globex"]);
  });
});

describe("what is to be told", () => {
  test("is not lost while the receiver is away and the engine starts anew", async () => {
    const receiver = await alertReceiver();
    receiver.answer(503);
    const first = opened(settingsFor(receiver));
    await spend(first.engine, "acme", 30);
    await first.engine.alerts.check();
    expect(firing(first.engine)).toHaveLength(1);
    expect(kinds(first.engine)).toEqual(["telling_failed", "fired"]);
    expect(warned.join()).toContain("boundary.upstream_5xx");
    await closed(first);

    const second = opened(settingsFor(receiver), first.folder);
    receiver.answer(200);
    await second.engine.alerts.check();
    // Not before its time.
    expect(receiver.posted).toHaveLength(0);
    minutes(1);
    await second.engine.alerts.check();
    expect(receiver.posted).toHaveLength(1);
    minutes(1);
    await second.engine.alerts.check();
    expect(receiver.posted).toHaveLength(1);
    // The windows go on where the first process left them.
    expect(firing(second.engine)).toMatchObject([{ value: 0.3, episode: 1 }]);
  });

  test("is told although it was over before the receiver came back", async () => {
    const receiver = await alertReceiver();
    receiver.answer(503);
    const { engine } = opened(settingsFor(receiver));
    await spend(engine, "acme", 30);
    await engine.alerts.check();
    minutes(30);
    receiver.answer(200);
    await engine.alerts.check();
    expect(receiver.posted.map(({ body }) => body.status)).toEqual(["resolved"]);
  });

  test("comes once from two processes on one store, of which one looks", async () => {
    const receiver = await alertReceiver();
    const settings = { ...settingsFor(receiver), "alerts.everySeconds": 1 };
    const first = opened(settings);
    const second = opened(settings, first.folder);
    await spend(first.engine, "acme", 30);
    first.engine.alerts.start();
    second.engine.alerts.start();
    await expect.poll(() => receiver.posted.length, { timeout: 20_000 }).toBe(1);
    await Promise.all([first.engine.alerts.check(), second.engine.alerts.check()]);
    expect(receiver.posted).toHaveLength(1);
    expect(kinds(first.engine)).toEqual(["told", "fired"]);
  });

  test("is told to others, and said, where the policy keeps it from a receiver", async () => {
    const receiver = await alertReceiver();
    const { folder } = opened({});
    mkdirSync(join(folder, "packs"));
    const pack = join(folder, "packs", "shut.yaml");
    writeFileSync(
      pack,
      `pack: shut\nversion: 1\ndescription: nothing goes to one path\ndefault: allow\nrules:
  - id: no-alerts\n    deny: { connector: "http:engine.alerts" }\n    reason: nobody said so\n`,
    );
    const { engine } = opened({
      ...settingsFor(receiver),
      "policy.packs": ["default", "shut"],
      "policy.files": [pack],
    });
    await spend(engine, "acme", 30);
    await engine.alerts.check();
    expect(receiver.posted).toEqual([]);
    expect(warned.join("\n")).toContain("boundary.policy_denied");
    for (let times = 0; times < 8; times += 1) {
      minutes(1);
      await engine.alerts.check();
    }
    const rules = firing(engine).map(({ rule }) => rule);
    expect(rules).toContain("AlertDeliveryFailing");
    const denied = engine.store.audit.list({ connector: "http:engine.alerts" }).items;
    expect(denied[0]).toMatchObject({ outcome: "boundary.policy_denied" });
  });
});

test("a budget's share is told once in its period, over restarts", async () => {
  const receiver = await alertReceiver();
  const settings = {
    ...settingsFor(receiver),
    "alerts.rules": {
      TenantCostBurnFast: { enabled: false },
      TenantCostBurnSlow: { enabled: false },
      PriceTableStale: { enabled: false },
    },
    budgets: { month: { per: "tenant", period: "month", maxCostMicroUsd: 100_000_000 } },
    "alerts.repeatMinutes": 1,
  };
  const first = opened(settings);
  await spend(first.engine, "acme", 55);
  await first.engine.alerts.check();
  const told = () => receiver.posted.map(({ body }) => body.groupLabels["alertname"]);
  expect(told()).toEqual(["TenantBudget50"]);
  expect(firing(first.engine)).toMatchObject([
    { aboutTenant: "acme", labels: { budget: "month", limit: "costMicroUsd", tenant: "acme" } },
  ]);
  await closed(first);
  const second = opened(settings, first.folder);
  minutes(5);
  await spend(second.engine, "acme", 30);
  await second.engine.alerts.check();
  minutes(5);
  await second.engine.alerts.check();
  expect(told()).toEqual(["TenantBudget50", "TenantBudget80"]);
  minutes(32 * 24 * 60);
  await second.engine.alerts.check();
  expect(firing(second.engine)).toEqual([]);
  // A new period is no news.
  expect(told()).toHaveLength(2);
});

describe("settings that cannot be meant", () => {
  const receivers = { ops: { webhook: "http://127.0.0.1:9/" } };
  test.each<[string, Readonly<Record<string, JsonValue>>, string, string]>([
    [
      "a rule",
      { "alerts.rules": { TenantCostBurn: {} } },
      "alerts.unknown_rule",
      "TenantCostBurnFast",
    ],
    [
      "a threshold",
      { "alerts.rules": { BreakerOpen: { thresholds: { breaker: 1 } } } },
      "alerts.unknown_threshold",
      "breakers",
    ],
    [
      "an owner whom nobody is told for",
      { "alerts.receivers": receivers },
      "alerts.no_owner",
      "alerts.owners",
    ],
    [
      "a receiver",
      { "alerts.receivers": receivers, "alerts.defaultReceivers": ["opps"] },
      "alerts.unknown_receiver",
      "ops",
    ],
    [
      "an owner",
      {
        "alerts.receivers": receivers,
        "alerts.defaultReceivers": ["ops"],
        "alerts.owners": { "store-owners": { receivers: ["ops"] } },
      },
      "alerts.unknown_owner",
      "store-owner",
    ],
    [
      "a connector",
      { "alerts.receivers": { ops: { connector: "team" } }, "alerts.defaultReceivers": ["ops"] },
      "alerts.unknown_connector",
      "slack",
    ],
    [
      "a secret",
      {
        "alerts.receivers": {
          ops: { webhook: "http://127.0.0.1:9/", secretHeaders: { a: "NOT_SET" } },
        },
        "alerts.defaultReceivers": ["ops"],
      },
      "alerts.missing_secret",
      "NOT_SET",
    ],
  ])("name %s: the start is refused with what to do", (_, settings, code, hint) => {
    const open = (): TestEngine => opened(settings);
    expect(open).toThrowError(expect.objectContaining({ code }));
    try {
      open();
    } catch (error) {
      expect(String((error as { hint?: string }).hint)).toContain(hint);
    }
  });
});

test("the command line looks, lists, takes on, silences and tells what was", async () => {
  const receiver = await alertReceiver();
  const { engine, folder } = opened(settingsFor(receiver));
  await spend(engine, "acme", 30);
  await closed(engines[0] as TestEngine);
  writeFileSync(
    join(folder, "agent33.config.yaml"),
    `alerts: { budgetUsd: 100, rules: { TenantCostBurnFast: { forMinutes: 0 }, PriceTableStale: { enabled: false } } }\n`,
  );
  const cli = (...args: readonly string[]) => runInProcess(["alerts", ...args], folder);
  const checked = await cli("check", "--json");
  expect(checked.code).toBe(1);
  const { firing: found } = JSON.parse(checked.stdout) as {
    firing: { id: string; rule: string }[];
  };
  expect(found.map(({ rule }) => rule)).toEqual(["TenantCostBurnFast"]);
  const id = found[0]?.id ?? "";
  expect((await cli("list")).stdout).toContain("TenantCostBurnFast");
  expect((await cli("ack", id.slice(0, 6), "--note", "on it")).stdout).toContain("is taken on by");
  expect((await cli("show", id)).stdout).toContain("on it");
  const silenced = await cli(
    "silence",
    "--tenant",
    "acme",
    "--for",
    "2h",
    "--reason",
    "test",
    "--json",
  );
  const silence = JSON.parse(silenced.stdout) as { id: string };
  expect((await cli("silences")).stdout).toContain("tenant=acme");
  expect((await cli("unsilence", silence.id)).code).toBe(0);
  expect(await cli("unsilence", silence.id)).toMatchObject({ code: 64 });
  expect((await cli("history")).stdout).toMatch(/acknowledged.*local/);
  expect(await cli("unack", id)).toMatchObject({ code: 0 });
  expect(await cli("silence", "--for", "2h", "--reason", "x")).toMatchObject({ code: 64 });
  expect(await cli("show", "nothing")).toMatchObject({ code: 64 });
  expect((await cli("rules")).stdout).toContain("platform-oncall");
  expect((await cli("export", "--to", "files")).stdout).toContain("rules.yml");
});
