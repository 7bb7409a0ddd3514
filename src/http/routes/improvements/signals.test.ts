import { expect, test } from "vitest";
import { scriptedApi, testApi } from "../../../../test/support/api.ts";
import { code, made, type Page, place, signal } from "./improvements.fixture.ts";

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
