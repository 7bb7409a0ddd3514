import { beforeEach, expect, test } from "vitest";
import { testApi, type TestApi } from "../../../test/support/api.ts";
import { newAlert } from "../../store/conformance/alerts.cases.ts";

let api: TestApi;
const firing = "a".repeat(16);
const theirs = "b".repeat(16);

beforeEach(async () => {
  api = await testApi({ "alerts.rules": { PriceTableStale: { enabled: false } } });
  const { alerts } = api.engines.own.store;
  alerts.put([
    newAlert(firing),
    newAlert(theirs, { aboutTenant: "two", labels: { tenant: "two" }, rule: "TenantCostBurnFast" }),
  ]);
});

const idsOf = ({ body }: { readonly body: unknown }): readonly string[] =>
  (body as { items: { id: string }[] }).items.map(({ id }) => id);

test("alerts are listed, shown, taken on and given back, and the audit says by whom", async () => {
  expect(idsOf(await api.ask("GET", "/v1/alerts?state=firing"))).toEqual([theirs, firing]);
  expect(idsOf(await api.ask("GET", "/v1/alerts?rule=BreakerOpen"))).toEqual([firing]);
  const taken = await api.ask("POST", `/v1/alerts/${firing}/acknowledge`, {
    body: { note: "on it" },
  });
  expect(taken).toMatchObject({
    status: 200,
    body: { acknowledged: { by: "user-of-one", note: "on it" }, tenant: null, times: 1 },
  });
  const shown = await api.ask("GET", `/v1/alerts/${firing.slice(0, 4)}`);
  expect(shown.body).toMatchObject({ history: [{ kind: "acknowledged", by: "user-of-one" }] });
  expect((await api.ask("POST", `/v1/alerts/${firing}/unacknowledge`)).body).toMatchObject({
    acknowledged: null,
  });
  const audit = await api.ask("GET", "/v1/audit?connector=alerts");
  expect(audit.text).toContain("alerts.acknowledge");
  expect(audit.text).toContain("user-of-one");
  const history = await api.ask("GET", `/v1/alerts/history?alert=${firing}&limit=1`);
  expect(history.body).toMatchObject({
    items: [{ kind: "unacknowledged" }],
    nextCursor: expect.any(String),
  });
});

test("another tenant sees and takes on what is about it, and nothing else", async () => {
  const as = api.key("two", ["alerts:read", "alerts:write"]);
  expect(idsOf(await api.ask("GET", "/v1/alerts", { as }))).toEqual([theirs]);
  for (const [method, path] of [
    ["GET", `/v1/alerts/${firing}`],
    ["POST", `/v1/alerts/${firing}/acknowledge`],
    ["GET", `/v1/alerts/history?alert=${firing}`],
  ] as const) {
    const body = method === "POST" ? { note: "" } : undefined;
    expect(
      await api.ask(method, path, { as, ...(body === undefined ? {} : { body }) }),
    ).toMatchObject({ status: 404, body: { code: "store.unknown_alert" } });
  }
  const taken = await api.ask("POST", `/v1/alerts/${theirs}/acknowledge`, { as, body: {} });
  expect(taken.body).toMatchObject({ acknowledged: { by: "two/user-of-two" } });
  expect(idsOf(await api.ask("GET", "/v1/alerts/history", { as }))).toHaveLength(1);
  expect(await api.ask("GET", "/v1/alerts/files", { as })).toMatchObject({ status: 403 });
  expect(await api.ask("POST", "/v1/alerts/check", { as })).toMatchObject({ status: 403 });
  const { body } = await api.ask("GET", "/v1/alerts/rules", { as });
  expect(JSON.stringify(body)).toContain("TenantCostBurnFast");
});

test("silences are made, listed and ended; what a tenant silences is about it alone", async () => {
  const endsAt = Date.now() + 60_000;
  const wanted = { matchers: { rule: "TenantCostBurnFast" }, reason: "test", endsAt };
  const as = api.key("two", ["alerts:read", "alerts:write"]);
  const made = await api.ask("POST", "/v1/alerts/silences", { body: wanted });
  expect(made).toMatchObject({ status: 201, body: { tenant: null, by: "user-of-one" } });
  const { id } = made.body as { id: string };
  expect(made.headers.get("location")).toBe(`/v1/alerts/silences/${id}`);
  const own = await api.ask("POST", "/v1/alerts/silences", { as, body: wanted });
  expect(own.body).toMatchObject({ tenant: "two" });
  expect(idsOf(await api.ask("GET", "/v1/alerts/silences", { as }))).toHaveLength(1);
  expect(await api.ask("DELETE", `/v1/alerts/silences/${id}`, { as })).toMatchObject({
    status: 404,
    body: { code: "store.unknown_silence" },
  });
  expect(await api.ask("DELETE", `/v1/alerts/silences/${id}`)).toMatchObject({
    status: 200,
    body: { endedBy: "user-of-one" },
  });
  expect(await api.ask("DELETE", `/v1/alerts/silences/${id}`)).toMatchObject({
    status: 409,
    body: { code: "alerts.silence_over" },
  });
  const shown = await api.ask("GET", `/v1/alerts/silences/${id}`);
  expect(shown.body).toMatchObject({ id });
});

test.each([
  [{ matchers: {}, reason: "x", endsAt: 9_999_999_999_999 }, 400],
  [{ matchers: { rule: "BreakerOpenn" }, reason: "x", endsAt: Date.now() + 60_000 }, 404],
  [{ matchers: { rule: "BreakerOpen" }, reason: "x", endsAt: 5 }, 422],
  [{ matchers: { rule: "BreakerOpen" }, reason: "x", endsAt: Date.now() + 9e11 }, 422],
  [{ matchers: { rule: "BreakerOpen" }, reason: "", endsAt: Date.now() + 60_000 }, 400],
])("a silence that cannot be meant is refused: %#", async (body, status) => {
  expect(await api.ask("POST", "/v1/alerts/silences", { body })).toMatchObject({ status });
});

test("the installation looks now, and gets the files for Prometheus", async () => {
  const checked = await api.ask("POST", "/v1/alerts/check");
  expect(checked).toMatchObject({ status: 200, body: { looked: true } });
  const files = await api.ask("GET", "/v1/alerts/files");
  expect(files.text).toContain("TenantCostBurnFast");
  expect(files.text).not.toContain("PriceTableStale");
});

test("an alert that does not fire cannot be taken on", async () => {
  api.engines.own.store.alerts.put([newAlert("c".repeat(16), { state: "resolved" })]);
  const path = `/v1/alerts/${"c".repeat(16)}/acknowledge`;
  expect(await api.ask("POST", path, { body: {} })).toMatchObject({
    status: 409,
    body: { code: "alerts.not_firing" },
  });
});
