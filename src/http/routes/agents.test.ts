import { expect, test } from "vitest";
import { scriptedApi } from "../../../test/support/api.ts";

const adder = `name: adder
version: "1.0.0"
role: Adds numbers.
instructions: Add.
inputs: { type: object, required: [a, b], properties: { a: { type: integer }, b: { type: integer } } }
outputs: { type: object, required: [sum], properties: { sum: { type: integer } } }
`;
const files = { "agents/adder.yaml": adder, "agents/broken.yaml": "name: 1\n" };

test("agents are listed and shown, and where they lie on the server is not", async () => {
  const api = await scriptedApi([], {}, files);
  const listed = await api.ask("GET", "/v1/agents");
  expect(listed.body).toMatchObject({
    items: [{ name: "adder", version: "1.0.0", isNewest: true, changedSince: null }],
    broken: [{ file: "broken.yaml", code: "agents.malformed" }],
  });
  expect(listed.text).not.toContain(api.folder);
  const shown = await api.ask("GET", "/v1/agents/adder@1.0.0");
  expect(shown).toMatchObject({ status: 200, body: { agent: { role: "Adds numbers." } } });
  expect(await api.ask("GET", "/v1/agents/nobody")).toMatchObject({
    status: 404,
    body: { code: "agents.unknown" },
  });
});

test("an agent is asked as a function, and its run is in the tenant's list", async () => {
  const api = await scriptedApi([{ text: '{"sum": 3}' }], {}, files);
  const asked = await api.ask("POST", "/v1/agents/adder/invoke", {
    body: { inputs: { a: 1, b: 2 } },
    as: api.key("two", ["agents:invoke"]),
  });
  expect(asked).toMatchObject({ status: 200, body: { output: { sum: 3 }, outcome: "verified" } });
  const { run } = asked.body as { run: string };
  expect(api.engines.of("two").store.runs.get(run)?.spec).toMatchObject({
    entryPoint: "api",
    principal: { tenant: "two", user: "user-of-two", key: "key-of-two" },
  });
  expect(await api.ask("GET", `/v1/runs/${run}`)).toMatchObject({ status: 404 });
});

test("inputs that the agent does not take are refused", async () => {
  const api = await scriptedApi([], {}, files);
  const asked = await api.ask("POST", "/v1/agents/adder/invoke", { body: { inputs: { a: "x" } } });
  expect(asked).toMatchObject({ status: 422, body: { code: "engine.invalid_inputs" } });
});

test("an agent that works longer than its caller waits goes on, and can be followed", async () => {
  const api = await scriptedApi([{ text: '{"sum": 3}' }], {}, files);
  const asked = await api.ask("POST", "/v1/agents/adder/invoke-iterative", {
    body: { inputs: { a: 1, b: 2 }, waitSeconds: 0 },
  });
  expect(asked).toMatchObject({ status: 200, body: { outcome: null, output: null } });
  const { run } = asked.body as { run: string };
  const events = await (await api.open(`/v1/runs/${run}/events`)).text();
  expect(events).toContain("event: run.finished");
  expect(await api.ask("GET", `/v1/runs/${run}`)).toMatchObject({ body: { state: "finished" } });
});
