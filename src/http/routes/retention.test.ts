import { expect, test } from "vitest";
import { scriptedApi } from "../../../test/support/api.ts";

test("what is too old is told of and removed by who runs the installation alone, and is in the audit", async () => {
  const api = await scriptedApi([{ text: "Done." }], { "retention.runs": 1, "retention.audit": 1 });
  await api.ask("POST", "/v1/runs", { body: { task: "Answer." } });
  await api.work("one");
  const dry = await api.ask("POST", "/v1/store/retention", { body: {} });
  expect(dry).toMatchObject({
    status: 200,
    body: { dryRun: true, classes: [{ class: "runs", days: 1, removed: 0 }, {}, {}, {}, {}] },
  });
  const done = await api.ask("POST", "/v1/store/retention", { body: { dryRun: false } });
  expect(done.body).toMatchObject({ dryRun: false });
  expect((await api.ask("GET", "/v1/audit/check")).body).toMatchObject({
    ok: true,
    removedUpTo: 0,
  });
  for (const body of [{ dryRun: "no" }, { days: 3 }, []]) {
    expect((await api.ask("POST", "/v1/store/retention", { body })).status).toBe(400);
  }
  const stranger = await api.ask("POST", "/v1/store/retention", { as: "two/admin", body: {} });
  expect(stranger.status).toBe(403);
  const as = api.key("one", ["store:read"]);
  expect((await api.ask("POST", "/v1/store/retention", { as, body: {} })).status).toBe(403);
});

test("a run's lineage is its tenant's", async () => {
  const api = await scriptedApi();
  const made = await api.ask("POST", "/v1/runs", { body: { task: "SECRET WORDS" } });
  const { id } = made.body as { id: string };
  await api.work("one");
  const found = await api.ask("GET", `/v1/runs/${id}/lineage`);
  expect(found.body).toMatchObject({
    call: null,
    run: id,
    ledTo: [{ kind: "run" }, { kind: "message" }],
  });
  expect(found.text).not.toContain("SECRET");
  expect((await api.ask("GET", `/v1/runs/${id}/lineage`, { as: "two/admin" })).status).toBe(404);
});
