import { expect, test } from "vitest";
import { scriptedApi, type TestApi } from "../../../test/support/api.ts";

const budgets = {
  "team-day": { per: "tenant", period: "day", maxCalls: 2 },
  "each-user": { per: "user", period: "month", maxTokens: 1_000_000 },
  "each-call": { per: "call", maxTokens: 900_000 },
};

async function ran(api: TestApi, as = "one/admin"): Promise<void> {
  await api.ask("POST", "/v1/runs", { as, body: { task: "Say it." } });
  await api.work(as.split("/")[0] ?? "");
}

interface Use {
  readonly budget: string;
  readonly who: string;
}

test("budgets are shown with what is used of them now, and with the shares that were reached", async () => {
  const api = await scriptedApi([{ text: "Done." }], { budgets });
  expect((await api.ask("GET", "/v1/budgets")).body).toEqual({
    items: [
      { name: "team-day", per: "tenant", period: "day", limits: { calls: 2 }, uses: [] },
      { name: "each-user", per: "user", period: "month", limits: { tokens: 1_000_000 }, uses: [] },
      { name: "each-call", per: "call", period: null, limits: { tokens: 900_000 }, uses: [] },
    ],
  });
  await ran(api);
  const { body } = await api.ask("GET", "/v1/budgets");
  expect(body).toMatchObject({
    items: [
      {
        name: "team-day",
        uses: [
          {
            per: "tenant",
            who: "one",
            isCurrent: true,
            period: new Date(api.host.clock.now()).toISOString().slice(0, 10),
            limits: { calls: 2 },
            used: { calls: expect.any(Number) },
            reached: [{ limit: "calls", percent: 50, at: expect.any(Number) }],
          },
        ],
      },
      { name: "each-user", uses: [{ who: "user-of-one", reached: [] }] },
      { name: "each-call", uses: [] },
    ],
  });
  // Each of another tenant's budgets is another budget.
  expect((await api.ask("GET", "/v1/budgets", { as: "two/admin" })).body).toMatchObject({
    items: [{ uses: [] }, { uses: [] }, { uses: [] }],
  });
});

test("the use of budgets is listed period by period, also of those that are set no longer", async () => {
  const api = await scriptedApi([{ text: "Done." }], { budgets });
  const { budgets: rows } = api.engines.own.store;
  const odd = "night-job/agent:a/b@1/2020-01-01";
  rows.define(odd, { calls: 5 });
  rows.draw(odd, { calls: 4 });
  rows.define("team-day/tenant:one/2020-01-01", { calls: 2 });
  await ran(api);
  const list = async (query = "") =>
    (await api.ask("GET", `/v1/budgets/uses${query}`)).body as {
      items: readonly Use[];
      nextCursor: string | null;
    };
  const all = await list();
  expect(all.items).toHaveLength(4);
  expect(all.items.find(({ budget }) => budget === "night-job")).toMatchObject({
    who: "a/b@1",
    per: "agent",
    period: "2020-01-01",
    isCurrent: false,
    used: { calls: 4 },
  });
  const found: Use[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof list>> = await list(
      `?limit=3${cursor === null ? "" : `&cursor=${cursor}`}`,
    );
    found.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  expect(found).toEqual(all.items);
  expect((await list("?budget=team-day")).items).toHaveLength(2);
  expect((await list("?who=user-of-one")).items).toMatchObject([{ budget: "each-user" }]);
  expect((await list("?cursor=999")).items).toHaveLength(4);
  expect((await api.ask("GET", "/v1/budgets/uses?cursor=0")).status).toBe(400);
  const as = api.key("one", ["runs:read"]);
  expect((await api.ask("GET", "/v1/budgets", { as })).status).toBe(403);
});
