import { expect, test } from "vitest";
import { scriptedApi, type TestApi } from "../../../test/support/api.ts";

interface Decision {
  readonly run: string;
  readonly tier: string;
  readonly source: string;
  readonly actual: { readonly costMicroUsd: number } | null;
}
interface Page {
  readonly items: readonly Decision[];
  readonly nextCursor: string | null;
}

const routed = {
  "routing.enabled": true,
  "routing.domains": { law: "high" },
  "routing.tenants": { two: "medium" },
  prices: { test: { inputPerMillionUsd: 3, outputPerMillionUsd: 15 } },
};

async function ran(api: TestApi, body: object, as = "one/admin"): Promise<string> {
  const answer = await api.ask("POST", "/v1/runs", { as, body: { task: "Say it.", ...body } });
  expect(answer.status, answer.text).toBe(201);
  await api.work(as.split("/")[0] ?? "");
  return (answer.body as { id: string }).id;
}

async function decisions(api: TestApi, query = "", as = "one/admin"): Promise<Page> {
  const { status, body, text } = await api.ask("GET", `/v1/routing/decisions${query}`, { as });
  expect(status, text).toBe(200);
  return body as Page;
}

test("each decision is listed with who made it and why, what was expected and what was used", async () => {
  const api = await scriptedApi([{ text: "Done." }], routed);
  const first = await ran(api, {});
  const second = await ran(api, { domain: "law" });
  const { items } = await decisions(api);
  expect(items).toMatchObject([
    { run: second, tier: "high", source: "domain", domain: "law", confidence: null, routed: true },
    {
      run: first,
      tier: "low",
      source: "classifier",
      confidence: expect.any(Number),
      reasons: ["7 characters: less than 400"],
      modelSource: "settings",
      attempt: 1,
      estimate: { basis: "prior", tokens: { p50: expect.any(Number), p90: expect.any(Number) } },
      actual: { outcome: expect.any(String), costMicroUsd: expect.any(Number), unpricedCalls: 0 },
    },
  ]);
  const run = await api.ask("GET", `/v1/runs/${first}`);
  expect(items[1]?.actual?.costMicroUsd).toBe((run.body as { costMicroUsd: number }).costMicroUsd);
});

test("decisions are found by tier, source, model and time, page by page, each tenant's alone", async () => {
  const api = await scriptedApi([{ text: "Done." }], routed);
  for (const domain of [undefined, "law", "law"]) {
    await ran(api, domain === undefined ? {} : { domain });
  }
  const ofTwo = await ran(api, {}, "two/admin");
  expect((await decisions(api, "", "two/admin")).items).toMatchObject([
    { run: ofTwo, tier: "medium", source: "tenant" },
  ]);
  expect((await decisions(api, "?tier=high")).items).toHaveLength(2);
  expect((await decisions(api, "?source=classifier")).items).toHaveLength(1);
  expect((await decisions(api, "?model=openai:none")).items).toEqual([]);
  expect((await decisions(api, "?until=5")).items).toEqual([]);
  const page = await decisions(api, "?limit=2");
  expect(page.items).toHaveLength(2);
  const rest = await decisions(api, `?limit=2&cursor=${page.nextCursor}`);
  expect(rest).toMatchObject({ items: [{ source: "classifier" }], nextCursor: null });
  for (const query of ["tier=max", "limit=0", "cursor=x", "who=me"]) {
    expect((await api.ask("GET", `/v1/routing/decisions?${query}`)).status, query).toBe(400);
  }
  const text = await api.engines.own.metrics.text();
  const counted = text
    .split("\n")
    .filter((line) => line.startsWith("agent33_effort_decisions_total{"));
  expect(counted.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0)).toBe(4);
});

test("a question about routing is answered as a run would be, and leaves nothing behind", async () => {
  const api = await scriptedApi([{ text: "Done." }], routed);
  const before = (await api.ask("GET", "/v1/audit")).text;
  const asked = { task: "Say it.", domain: "law" };
  const explained = await api.ask("POST", "/v1/routing/explain", { body: asked });
  expect(explained.body).toMatchObject({
    tier: "high",
    source: "domain",
    reasons: ["domain law has it"],
    maxOutputTokens: 16_384,
    problem: null,
    estimate: { basis: "prior", costMicroUsd: { p50: expect.any(Number) } },
    limits: { maxSteps: 40 },
  });
  expect((await decisions(api)).items).toEqual([]);
  expect((await api.ask("GET", "/v1/audit")).text).toBe(before);
  await ran(api, { domain: "law" });
  const [decision] = (await decisions(api)).items;
  const { estimate, tier, reasons } = explained.body as Record<string, unknown>;
  expect(decision).toMatchObject({ estimate, tier, reasons });
  expect(
    (await api.ask("POST", "/v1/routing/explain", { body: asked, as: "two/admin" })).body,
  ).toMatchObject({
    tier: "medium",
    source: "tenant",
  });
});

test("a question that a run would be refused for is refused, and a model that cannot be had is said", async () => {
  const api = await scriptedApi([{ text: "Done." }], routed);
  const ask = (body: object) => api.ask("POST", "/v1/routing/explain", { body });
  expect(await ask({ task: "x", domain: "lore" })).toMatchObject({
    status: 404,
    body: { code: "agents.unknown_domain" },
  });
  expect(await ask({ task: "x", agent: "nobody" })).toMatchObject({ status: 404 });
  expect(await ask({})).toMatchObject({ status: 400 });
  expect(await ask({ task: "x", inputs: {} })).toMatchObject({ status: 400 });
  expect(await ask({ task: "x", model: "scripted:/etc/passwd" })).toMatchObject({ status: 400 });
  expect(await ask({ task: "x", model: "openai:gpt-5" })).toMatchObject({
    status: 200,
    body: { model: "openai:gpt-5", estimate: null, problem: { code: "models.missing_key" } },
  });
  const as = api.key("one", ["runs:read"]);
  expect((await api.ask("POST", "/v1/routing/explain", { as, body: { task: "x" } })).status).toBe(
    403,
  );
});
