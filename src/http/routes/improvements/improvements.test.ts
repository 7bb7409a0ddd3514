import { expect, test } from "vitest";
import { testApi } from "../../../../test/support/api.ts";
import { code, made, type Page, place, signal } from "./improvements.fixture.ts";

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
  const deep = JSON.parse(`${'{"a":'.repeat(25)}1${"}".repeat(25)}`) as unknown;
  expect(await code(api, "PATCH", `/intakes/${id}`, { body: { analysis: deep } })).toEqual([
    422,
    "learning.bad_intake",
  ]);
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
