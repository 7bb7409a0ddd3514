import { expect, test } from "vitest";
import { scriptedApi } from "../../../test/support/api.ts";
import { otlpOf, traceOf } from "../../engine/traces.ts";

test("a run is given as a trace and as a trajectory, to its own tenant alone", async () => {
  const api = await scriptedApi();
  const made = await api.ask("POST", "/v1/runs", { body: { task: "Say done." } });
  const { id } = made.body as { id: string };
  await api.work("one");
  const trace = await api.ask("GET", `/v1/runs/${id.slice(0, 20)}/trace`);
  const spans = traceOf(api.engines.own.store.runLog.read(id));
  expect(trace.status).toBe(200);
  expect(trace.body).toEqual(JSON.parse(await otlpOf(spans)));
  expect(JSON.stringify(trace.body)).toContain("invoke_agent");
  expect(await api.ask("GET", `/v1/runs/${id}/trajectory`)).toMatchObject({
    status: 200,
    body: { schema_version: "ATIF-v1.7", session_id: id },
  });
  for (const what of ["trace", "trajectory"]) {
    const path = `/v1/runs/${id}/${what}`;
    expect((await api.ask("GET", path, { as: "two/admin" })).status).toBe(404);
    expect((await api.ask("GET", path, { as: api.key("one", ["audit:read"]) })).status).toBe(403);
  }
});
