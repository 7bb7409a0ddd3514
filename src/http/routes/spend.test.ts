import { expect, test } from "vitest";
import { scriptedApi, type TestApi } from "../../../test/support/api.ts";
import type { Engine } from "../../engine.ts";

interface Sums {
  readonly calls: number;
  readonly costMicroUsd: number;
  readonly tokens: number;
  readonly unpricedCalls: number;
}
interface Shown {
  readonly totals: Sums;
  readonly others: Sums | null;
  readonly items: readonly (Sums & {
    readonly group: Readonly<Record<string, string | null>>;
    readonly series?: readonly Sums[];
  })[];
  readonly series?: readonly Sums[];
}

const prices = { test: { inputPerMillionUsd: 3, outputPerMillionUsd: 15 } };

async function asked(api: TestApi, query = "", as = "one/admin"): Promise<Shown> {
  const { status, body, text } = await api.ask("GET", `/v1/spend${query}`, { as });
  expect(status, text).toBe(200);
  return body as Shown;
}

async function ran(api: TestApi, as: string): Promise<void> {
  await api.ask("POST", "/v1/runs", { as, body: { task: "Say it.", effort: "low" } });
  await api.work(as.split("/")[0] ?? "");
}

/** The sum of a tenant's audit, row by row. */
function ledger({ store }: Engine): Sums {
  const sums = { calls: 0, costMicroUsd: 0, tokens: 0, unpricedCalls: 0 };
  let cursor: string | null = null;
  do {
    const page = store.audit.list({ limit: 3, ...(cursor === null ? {} : { cursor }) });
    for (const { record, state } of page.items) {
      const spend = record["spend"] as { costMicroUsd?: number; tokens?: number } | undefined;
      if (state !== "closed") continue;
      sums.calls += 1;
      sums.costMicroUsd += spend?.costMicroUsd ?? 0;
      sums.tokens += spend?.tokens ?? 0;
      if ((spend?.tokens ?? 0) > 0 && spend?.costMicroUsd === undefined) sums.unpricedCalls += 1;
    }
    cursor = page.nextCursor;
  } while (cursor !== null);
  return sums;
}

const metric = (text: string, name: string): number =>
  text
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`))
    .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);

/** Calls of a kind, in a tenant: of known and of unknown price, and failed ones. */
async function paidCalls(engine: Engine, tenant: string, costs: readonly (number | null)[]) {
  const connector = engine.boundary.connector<number | null, number | null, never>({
    id: "model:paid",
    facts: () => ({ operation: "chat", effect: "read", repeat: "safe", model: "paid:one" }),
    run: async ({ input }) => input,
    measure: (cost) => ({ tokens: 10, ...(cost === null ? {} : { costMicroUsd: cost }) }),
  });
  for (const cost of costs) {
    await connector.call(cost, { principal: { tenant, user: "u" } });
  }
}

test("the audit, the metrics and the spend are one sum to the micro-USD, of each tenant and of all", async () => {
  const api = await scriptedApi([{ text: "Done." }], { prices });
  for (const as of ["one/admin", "two/admin", "two/admin"]) await ran(api, as);
  await paidCalls(api.engines.of("one"), "one", [17, 1_000_003, 0]);
  await paidCalls(api.engines.of("two"), "two", [999, 1]);
  const all = await asked(api);
  const text = await api.engines.own.metrics.text();
  const [one, two] = ["one", "two"].map((tenant) => ledger(api.engines.of(tenant)));
  expect(one?.costMicroUsd).toBeGreaterThan(1_000_020);
  for (const name of ["calls", "costMicroUsd", "tokens", "unpricedCalls"] as const) {
    expect(all.totals[name], name).toBe((one?.[name] ?? 0) + (two?.[name] ?? 0));
  }
  expect(all.totals.costMicroUsd).toBe(metric(text, "agent33_cost_micro_usd_total"));
  expect(all.totals.costMicroUsd).toBe(metric(text, "agent33_tenant_cost_micro_usd_total"));
  expect(all.totals.calls).toBe(metric(text, "agent33_calls_total"));
  expect(all.totals.tokens).toBe(metric(text, "agent33_call_tokens_total"));
  const { items } = await asked(api, "?by=tenant");
  expect(items.map(({ group, ...sums }) => [group["tenant"], sums])).toEqual([
    ["one", one],
    ["two", two],
  ]);
  expect((await asked(api, "", "two/admin")).totals).toEqual(two);
  for (const by of ["model", "effort", "outcome", "connector"]) {
    const { items: groups, totals } = await asked(api, `?by=${by}&limit=100&every=day`);
    const sum = (name: keyof Sums) => groups.reduce((sums, group) => sums + group[name], 0);
    expect(sum("costMicroUsd")).toBe(totals.costMicroUsd);
    expect(sum("calls")).toBe(totals.calls);
    for (const group of groups) {
      expect(group.series?.reduce((sums, point) => sums + point.costMicroUsd, 0)).toBe(
        group.costMicroUsd,
      );
    }
  }
});

test("spend is told by model, effort and outcome, calls without a price apart", async () => {
  const api = await scriptedApi([{ text: "Done." }], { prices });
  await ran(api, "one/admin");
  await paidCalls(api.engines.own, "one", [5, null]);
  const { items } = await asked(api, "?by=model&by=effort&by=outcome&connector=model:paid");
  expect(items).toEqual([
    {
      group: { model: "paid:one", effort: null, outcome: "ok" },
      calls: 2,
      costMicroUsd: 5,
      tokens: 20,
      unpricedCalls: 1,
    },
  ]);
  const low = await asked(api, "?effort=low&by=model&every=hour");
  expect(low.items).toMatchObject([{ group: { model: expect.stringMatching(/^scripted:/) } }]);
  expect(low.series?.length).toBeGreaterThan(0);
  expect((await asked(api, "?until=1")).totals.calls).toBe(0);
  expect((await asked(api, "?model=none:such&by=model")).items).toEqual([]);
});

test("another tenant's spend is not to be asked for, and questions that are none are refused", async () => {
  const api = await scriptedApi();
  await ran(api, "one/admin");
  const as = "two/admin";
  expect((await asked(api, "?by=tenant", as)).items).toEqual([]);
  expect(await api.ask("GET", "/v1/spend?tenant=one", { as })).toMatchObject({
    status: 403,
    body: { code: "api.installation_only" },
  });
  expect((await asked(api, "?tenant=two", as)).totals.calls).toBe(0);
  for (const query of [
    "by=user",
    "every=week",
    "limit=0",
    "since=-1",
    "by=tenant&by=model&by=effort&by=outcome",
  ]) {
    expect((await api.ask("GET", `/v1/spend?${query}`)).status, query).toBe(400);
  }
  expect((await api.ask("GET", "/v1/spend?by=user")).text).toContain(
    "Must be tenant, model, effort, outcome, connector; at most three of them",
  );
  const wrong = api.key("one", ["runs:read"]);
  expect((await api.ask("GET", "/v1/spend", { as: wrong })).status).toBe(403);
  const right = api.key("one", ["spend:read"]);
  expect((await api.ask("GET", "/v1/spend", { as: right })).status).toBe(200);
});
