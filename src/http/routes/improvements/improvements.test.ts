import { expect, test } from "vitest";
import { scriptedApi, type TestApi, testApi } from "../../../../test/support/api.ts";

const place = "/v1/improvements";
const signal = {
  type: "incident",
  severity: "medium",
  summary: "The nightly import took 48 minutes",
};

interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

async function made(api: TestApi, path: string, body: unknown, as = "one/admin"): Promise<string> {
  const answer = await api.ask("POST", `${place}${path}`, { body, as });
  expect(answer.status, answer.text).toBe(201);
  const location = answer.headers.get("location") ?? "";
  expect((await api.ask("GET", location, { as })).status).toBe(200);
  return location.slice(location.lastIndexOf("/") + 1);
}

async function code(
  api: TestApi,
  method: string,
  path: string,
  request: Parameters<TestApi["ask"]>[2] = {},
): Promise<readonly [number, string]> {
  const { status, body } = await api.ask(method, `${place}${path}`, request);
  return [status, (body as { code: string }).code];
}

test("a signal is recorded in the caller's name, counted when it is seen again, and known by its key", async () => {
  const api = await testApi();
  const first = await api.ask("POST", `${place}/learning/signals`, { body: signal });
  expect(first.status).toBe(201);
  expect(first.body).toMatchObject({
    outcome: "recorded",
    intakeId: null,
    signal: { type: "incident", state: "open", source: "user:user-of-one", occurrences: 1 },
  });
  expect(first.text).not.toContain("tenant");
  const { id } = (first.body as { signal: { id: string } }).signal;
  expect(first.headers.get("location")).toBe(`${place}/learning/signals/${id}`);
  const again = { ...signal, summary: "The nightly import took 51 minutes" };
  expect((await api.ask("POST", `${place}/learning/signals`, { body: again })).body).toMatchObject({
    outcome: "repeated",
    signal: { id, occurrences: 2 },
  });
  const headers = { "idempotency-key": "k1" };
  const other = { ...signal, summary: "Something else altogether" };
  const keyed = await api.ask("POST", `${place}/learning/signals`, { body: other, headers });
  expect(keyed.body).toMatchObject({ outcome: "recorded" });
  expect(
    (await api.ask("POST", `${place}/learning/signals`, { body: other, headers })).body,
  ).toMatchObject({ outcome: "known" });
});

test("signals are filtered, paged by cursor, moved with a reason, and summed up without a change", async () => {
  const api = await testApi();
  const words = ["alpha", "beta", "gamma"];
  for (const word of words) {
    await made(api, "/learning/signals", { ...signal, summary: `${word} ${word} went wrong` });
  }
  await made(api, "/learning/signals", { ...signal, type: "bug", summary: "A bug" });
  const page = (await api.ask("GET", `${place}/learning/signals?type=incident&limit=2`))
    .body as Page<{ id: string; summary: string }>;
  expect(page.items.map(({ summary }) => summary)).toEqual([
    "gamma gamma went wrong",
    "beta beta went wrong",
  ]);
  const rest = await api.ask(
    "GET",
    `${place}/learning/signals?type=incident&limit=2&cursor=${page.nextCursor}`,
  );
  expect(rest.body).toMatchObject({
    items: [{ summary: "alpha alpha went wrong" }],
    nextCursor: null,
  });
  const id = page.items[0]?.id ?? "";
  const closed = { body: { state: "resolved", reason: "Mended." } };
  expect(
    (await api.ask("POST", `${place}/learning/signals/${id}/transition`, closed)).body,
  ).toMatchObject({
    state: "resolved",
    stateBy: "user-of-one",
    stateReason: "Mended.",
  });
  expect(await code(api, "POST", `/learning/signals/${id}/transition`, closed)).toEqual([
    409,
    "learning.bad_transition",
  ]);
  const silent = { body: { state: "open" } };
  expect(await code(api, "POST", `/learning/signals/${id}/transition`, silent)).toEqual([
    400,
    "api.invalid_request",
  ]);
  expect((await api.ask("GET", `${place}/learning/signals?since=1&until=2`)).body).toMatchObject({
    items: [],
  });
  const summary = await api.ask("GET", `${place}/learning/summary?days=7&by=type`);
  expect(summary.body).toMatchObject({
    total: 4,
    by: "type",
    trend: { direction: "up", delta: 4 },
  });
  expect((await api.ask("GET", `${place}/intakes`)).body).toMatchObject({ items: [] });
});

test("intakes are made of grave signals by POST alone, once each", async () => {
  const api = await testApi({ "learning.automaticIntakes.enabled": false });
  const grave = { ...signal, severity: "critical", details: "x".repeat(200) };
  await made(api, "/learning/signals", grave);
  await api.ask("GET", `${place}/learning/summary`);
  expect((await api.ask("GET", `${place}/intakes`)).body).toMatchObject({ items: [] });
  const generated = await api.ask("POST", `${place}/learning/intakes`, { body: {} });
  expect(generated.body).toMatchObject({
    items: [{ automatic: true, signalIds: [expect.any(String)] }],
  });
  expect((await api.ask("POST", `${place}/learning/intakes`, { body: {} })).body).toEqual({
    items: [],
  });
  expect((await api.ask("GET", `${place}/intakes?automatic=true`)).body).toMatchObject({
    items: [{ automatic: true }],
  });
  expect((await api.ask("GET", `${place}/intakes?automatic=false`)).body).toMatchObject({
    items: [],
  });
});

test("each of many signals is judged alone", async () => {
  const api = await testApi();
  const signals = [
    signal,
    { ...signal, severity: "grave" },
    { ...signal, run: "none-such" },
    { ...signal, tenant_id: "two" },
  ];
  const { status, body } = await api.ask("POST", `${place}/learning/signals/batch`, {
    body: { signals },
  });
  expect(status).toBe(200);
  expect((body as { items: unknown[] }).items).toMatchObject([
    { index: 0, outcome: "recorded" },
    {
      index: 1,
      problem: { status: 400, detail: expect.stringContaining("body.signals.1.severity") },
    },
    { index: 2, problem: { status: 404, code: "store.unknown_run" } },
    { index: 3, problem: { status: 400, code: "api.invalid_request" } },
  ]);
});

test("what a run taught is read by catching up, and a signal can be tied to a run", async () => {
  const api = await scriptedApi([
    { tool_calls: [{ name: "no_such_tool", arguments: {} }] },
    { text: "x" },
  ]);
  const run = await api.ask("POST", "/v1/runs", { body: { task: "Try it." } });
  await api.work("one");
  const { id } = run.body as { id: string };
  const caught = await api.ask("POST", `${place}/learning/catch-up`);
  expect(caught.status).toBe(200);
  const told = await api.ask("POST", `${place}/learning/signals`, {
    body: { ...signal, run: id.slice(0, 30) },
  });
  expect(told.body).toMatchObject({ signal: { context: { run: id } } });
  const found = (await api.ask("GET", `${place}/learning/signals`)).body as Page<unknown>;
  expect(found.items.length).toBeGreaterThan(1);
});

test("an intake goes from state to state, and who decided is the caller", async () => {
  const api = await testApi();
  const about = await made(api, "/learning/signals", signal);
  const id = await made(api, "/intakes", {
    classification: { researchType: "internal" },
    content: { title: "Imports are slow" },
    signalIds: [about],
  });
  expect(
    await code(api, "POST", `/intakes/${id}/transition`, { body: { state: "accepted" } }),
  ).toEqual([409, "learning.bad_transition"]);
  for (const state of ["triaged", "analyzing"]) {
    await api.ask("POST", `${place}/intakes/${id}/transition`, { body: { state } });
  }
  const accepted = await api.ask("POST", `${place}/intakes/${id}/transition`, {
    body: { state: "accepted", rationale: "It hurts.", actionItems: ["Add an index."] },
  });
  expect(accepted.body).toMatchObject({
    submittedBy: "user-of-one",
    signalIds: [about],
    disposition: { state: "accepted", decidedBy: "user-of-one", rationale: "It hurts." },
  });
  const noted = await api.ask("PATCH", `${place}/intakes/${id}`, {
    body: { analysis: { rows: 3 }, tracking: { backlogRefs: ["B-1"] } },
  });
  expect(noted.body).toMatchObject({ analysis: { rows: 3 }, tracking: { backlogRefs: ["B-1"] } });
  expect(await code(api, "PATCH", `/intakes/${id}`, { body: {} })).toEqual([
    400,
    "api.invalid_request",
  ]);
  const twice = {
    classification: { researchType: "user" },
    content: { title: "x" },
    signalIds: [about],
  };
  expect(await code(api, "POST", "/intakes", { body: twice })).toEqual([
    409,
    "learning.signal_linked",
  ]);
  expect((await api.ask("GET", `${place}/intakes?state=accepted`)).body).toMatchObject({
    items: [{ id }],
  });
});

test("a lesson is closed once its actions are settled", async () => {
  const api = await testApi();
  const id = await made(api, "/lessons", {
    eventType: "failure",
    title: "Say what the list is made of",
    actions: [{ description: "Give the agent the contracts." }],
  });
  const evidence = { body: { evidence: "The list has all." } };
  expect(await code(api, "POST", `/lessons/${id}/verify`, evidence)).toEqual([
    409,
    "learning.actions_open",
  ]);
  const done = { body: { state: "completed", owner: "ann" } };
  expect((await api.ask("PATCH", `${place}/lessons/${id}/actions/0`, done)).body).toMatchObject({
    actions: [{ state: "completed", owner: "ann" }],
  });
  expect(await code(api, "PATCH", `/lessons/${id}/actions/7`, done)).toEqual([
    404,
    "learning.unknown_action",
  ]);
  expect((await api.ask("POST", `${place}/lessons/${id}/verify`, evidence)).body).toMatchObject({
    state: "implemented",
    verifiedBy: "user-of-one",
  });
  expect(await code(api, "POST", `/lessons/${id}/verify`, evidence)).toEqual([
    409,
    "learning.lesson_implemented",
  ]);
  expect(
    (await api.ask("GET", `${place}/lessons?state=implemented&eventType=failure`)).body,
  ).toMatchObject({
    items: [{ id }],
  });
});

test("a checklist is gone through item by item", async () => {
  const api = await testApi();
  const body = { period: "monthly", reference: "2026-11" };
  const id = await made(api, "/checklists", body);
  expect(await code(api, "POST", "/checklists", { body })).toEqual([
    409,
    "learning.checklist_exists",
  ]);
  const item = { body: { item: "CI-06", notes: "Looked." } };
  expect((await api.ask("POST", `${place}/checklists/${id}/complete`, item)).body).toMatchObject({
    items: expect.arrayContaining([
      expect.objectContaining({ id: "CI-06", completedBy: "user-of-one", notes: "Looked." }),
    ]),
  });
  expect((await api.ask("GET", `${place}/checklists/${id}/evaluate`)).body).toEqual({
    complete: false,
    incomplete: ["CI-07", "CI-08", "CI-09", "CI-10"],
  });
  await api.ask("POST", `${place}/checklists/${id}/reopen`, { body: { item: "CI-06" } });
  expect((await api.ask("GET", `${place}/checklists/${id}/evaluate`)).body).toMatchObject({
    incomplete: expect.arrayContaining(["CI-06"]),
  });
  const wrong = { body: { item: "CI-99" } };
  expect(await code(api, "POST", `/checklists/${id}/complete`, wrong)).toEqual([
    404,
    "learning.unknown_item",
  ]);
  expect((await api.ask("GET", `${place}/checklists?period=quarterly`)).body).toMatchObject({
    items: [],
  });
});

test("metrics have a history, definitions and a trend that knows which way is better", async () => {
  const api = await testApi();
  expect((await api.ask("GET", `${place}/metrics`)).body).toEqual({ snapshot: null });
  for (const hours of [20, 10]) {
    await made(api, "/metrics/snapshot", {
      period: `p${hours}`,
      metrics: [{ id: "IM-01", value: hours }],
    });
  }
  expect((await api.ask("GET", `${place}/metrics`)).body).toMatchObject({
    snapshot: { period: "p10", metrics: [{ id: "IM-01", value: 10 }] },
  });
  expect((await api.ask("GET", `${place}/metrics/trend/IM-01`)).body).toMatchObject({
    direction: "improving",
    values: [20, 10],
  });
  expect((await api.ask("GET", `${place}/metrics/values/IM-01?limit=1`)).body).toMatchObject({
    items: [{ value: 10, period: "p10" }],
  });
  const history = await api.ask("GET", `${place}/metrics/history?limit=1`);
  expect(history.body).toMatchObject({
    items: [{ period: "p10" }],
    nextCursor: expect.any(String),
  });
  expect((await api.ask("GET", `${place}/metrics/history?period=p20`)).body).toMatchObject({
    items: [{ period: "p20" }],
  });
  const definitions = (await api.ask("GET", `${place}/metrics/definitions`)).body as Page<unknown>;
  expect(definitions.items).toHaveLength(5);
  const own = { period: "x", metrics: [{ id: "deploys", value: 1 }] };
  expect(await code(api, "POST", "/metrics/snapshot", { body: own })).toEqual([
    422,
    "learning.bad_snapshot",
  ]);
  expect(await code(api, "GET", "/metrics/trend/none")).toEqual([404, "learning.unknown_metric"]);
});

test("a refresh is planned and completed once", async () => {
  const api = await testApi();
  const id = await made(api, "/refreshes", { scope: "minor", title: "Where data comes from" });
  const end = { body: { outcome: "Two moved up.", changes: ["B-1 up"] } };
  expect((await api.ask("POST", `${place}/refreshes/${id}/complete`, end)).body).toMatchObject({
    state: "complete",
    completedBy: "user-of-one",
    changes: ["B-1 up"],
  });
  expect(await code(api, "POST", `/refreshes/${id}/complete`, end)).toEqual([
    409,
    "learning.refresh_complete",
  ]);
  expect(
    (await api.ask("GET", `${place}/refreshes?state=complete&scope=minor`)).body,
  ).toMatchObject({
    items: [{ id }],
  });
});

const creations = [
  ["/intakes", { classification: { researchType: "user" }, content: { title: "A" } }],
  ["/lessons", { eventType: "success", title: "A" }],
  ["/metrics/snapshot", { period: "A", metrics: [{ id: "IM-01", value: 1 }] }],
  ["/refreshes", { scope: "micro", title: "A" }],
] as const;

test.each(creations)(
  "%s makes one thing under one key, and refuses it for another",
  async (path, body) => {
    const api = await testApi();
    const ask = (given: unknown, as = "one/admin", key = "same") =>
      api.ask("POST", `${place}${path}`, { body: given, as, headers: { "idempotency-key": key } });
    const [first, again] = await Promise.all([ask(body), ask(body)]);
    expect(first?.status).toBe(201);
    expect(again?.body).toEqual(first?.body);
    const other = JSON.parse(JSON.stringify(body).replace('"A"', '"B"')) as unknown;
    expect(await ask(other)).toMatchObject({ status: 409, body: { code: "learning.key_reused" } });
    expect((await ask(other, "one/admin", "fresh")).status).toBe(201);
    expect((await ask(other, "two/admin")).status).toBe(201);
    expect((await ask(body, "one/admin", "x".repeat(201))).status).toBe(400);
    const list = path === "/metrics/snapshot" ? "/metrics/history" : path;
    const { items } = (await api.ask("GET", `${place}${list}`)).body as Page<unknown>;
    expect(items).toHaveLength(2);
  },
);

test("to read and to write are two rights, and no tenant sees another's", async () => {
  const api = await testApi();
  const reads = api.key("one", ["learning:read"]);
  const id = await made(api, "/learning/signals", signal, "two/admin");
  expect((await api.ask("GET", `${place}/learning/signals/${id}`)).status).toBe(404);
  expect((await api.ask("GET", `${place}/learning/signals`)).body).toMatchObject({ items: [] });
  const move = { body: { state: "resolved", reason: "x" } };
  expect(await code(api, "POST", `/learning/signals/${id}/transition`, move)).toEqual([
    404,
    "learning.unknown_signal",
  ]);
  const about = {
    classification: { researchType: "user" },
    content: { title: "x" },
    signalIds: [id],
  };
  expect(await code(api, "POST", "/intakes", { body: about })).toEqual([
    404,
    "learning.unknown_signal",
  ]);
  const lesson = { eventType: "success", title: "x", signalIds: [id] };
  expect(await code(api, "POST", "/lessons", { body: lesson })).toEqual([
    404,
    "learning.unknown_signal",
  ]);
  expect((await api.ask("GET", `${place}/intakes`, { as: reads })).status).toBe(200);
  expect(
    (await api.ask("POST", `${place}/learning/signals`, { as: reads, body: signal })).status,
  ).toBe(403);
});
