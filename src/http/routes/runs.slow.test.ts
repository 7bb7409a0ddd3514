import { describe, expect, test } from "vitest";
import { scriptedApi } from "../../../test/support/api.ts";

const idOf = ({ body }: { readonly body: unknown }): string => (body as { id: string }).id;

describe("runs", () => {
  test("are started, worked on, listed with cursors and shown", async () => {
    const api = await scriptedApi();
    const made = await api.ask("POST", "/v1/runs", { body: { task: "Say done." } });
    expect(made).toMatchObject({ status: 201, body: { state: "queued", outcome: null } });
    expect(made.headers.get("location")).toBe(`/v1/runs/${idOf(made)}`);
    const second = idOf(await api.ask("POST", "/v1/runs", { body: { task: "Again." } }));
    await api.work("one");
    const shown = await api.ask("GET", `/v1/runs/${idOf(made)}`);
    expect(shown.body).toMatchObject({ state: "finished", outcome: "unverified" });
    const page = await api.ask("GET", "/v1/runs?limit=1");
    expect(page.body).toMatchObject({ items: [{ id: second }], nextCursor: expect.any(String) });
    const { nextCursor } = page.body as { nextCursor: string };
    const next = await api.ask("GET", `/v1/runs?limit=1&cursor=${nextCursor}`);
    expect(next.body).toMatchObject({ items: [{ id: idOf(made) }], nextCursor: null });
  });

  test("carry who asked and how into their log", async () => {
    const api = await scriptedApi();
    const id = idOf(await api.ask("POST", "/v1/runs", { body: { task: "Say done." } }));
    const { spec } = api.engines.own.store.runs.find(id);
    expect(spec).toMatchObject({
      entryPoint: "api",
      principal: { tenant: "one", user: "user-of-one", key: "key-of-one" },
    });
  });

  test.each([
    ["a file of the server as agent", { agent: "../secret.yaml" }],
    ["a script of the server as model", { model: "scripted:/etc/passwd" }],
    ["a log of somebody else as model", { model: "replay:0" }],
    ["a task and inputs at once", { inputs: {} }],
    ["commands of servers", { mcpCommands: ["sh"] }],
  ])("do not take %s", async (_, more) => {
    const api = await scriptedApi();
    const answer = await api.ask("POST", "/v1/runs", { body: { task: "x", ...more } });
    expect(answer).toMatchObject({ status: 400, body: { code: "api.invalid_request" } });
  });

  test("work only in folders that the settings give to the API", async () => {
    const api = await scriptedApi();
    for (const workspace of ["/", api.folder, "/nowhere"]) {
      expect(await api.ask("POST", "/v1/runs", { body: { task: "x", workspace } })).toMatchObject({
        status: 422,
        body: { code: "api.workspace_refused" },
      });
    }
  });

  test("are cancelled, and then take no more words", async () => {
    const api = await scriptedApi();
    const id = idOf(await api.ask("POST", "/v1/runs", { body: { task: "Wait." } }));
    const said = await api.ask("POST", `/v1/runs/${id}/messages`, { body: { text: "Be quick." } });
    expect(said).toMatchObject({ status: 202, body: { runId: id, fate: "kept" } });
    const cancelled = await api.ask("POST", `/v1/runs/${id}/cancel`);
    expect(cancelled).toMatchObject({ status: 202, body: { outcome: "cancelled" } });
    expect(
      await api.ask("POST", `/v1/runs/${id}/messages`, { body: { text: "Still there?" } }),
    ).toMatchObject({ status: 409, body: { code: "engine.run_finished" } });
  });

  test("are replayed, and the report is the replay's", async () => {
    const api = await scriptedApi();
    const id = idOf(await api.ask("POST", "/v1/runs", { body: { task: "Say done." } }));
    await api.work("one");
    const replay = await api.ask("POST", `/v1/runs/${id}/replay`);
    expect(replay.status).toBe(201);
    const followed = await (await api.open(`/v1/runs/${idOf(replay)}/events`)).text();
    expect(followed).toContain("event: run.finished");
    const report = await api.ask("GET", `/v1/runs/${idOf(replay)}/report`);
    expect(report).toMatchObject({ status: 200, body: { differs: false } });
  });
});

describe("events", () => {
  const placesOf = (text: string): readonly number[] =>
    [...text.matchAll(/^id: (\d+)$/gm)].map(([, seq]) => Number(seq));

  test("come while the run goes on, without gaps, and end with it", async () => {
    const api = await scriptedApi();
    const id = idOf(await api.ask("POST", "/v1/runs", { body: { task: "Say done." } }));
    const stream = await api.open(`/v1/runs/${id}/events`);
    expect(stream.headers.get("content-type")).toContain("text/event-stream");
    const text = stream.text();
    await api.work("one");
    const places = placesOf(await text);
    expect(places.length).toBeGreaterThan(4);
    expect(places).toEqual(places.map((_, index) => index + 1));
    expect(await text).toContain("event: run.finished");
  });

  test("go on after the place that is known, and after the last one nobody need come again", async () => {
    const api = await scriptedApi();
    const id = idOf(await api.ask("POST", "/v1/runs", { body: { task: "Say done." } }));
    await api.work("one");
    const all = placesOf(await (await api.open(`/v1/runs/${id}/events`)).text());
    const path = `/v1/runs/${id}/events`;
    const rest = await api.open(path, { headers: { "last-event-id": "2" } });
    expect(placesOf(await rest.text())).toEqual(all.slice(2));
    const asked = await api.open(`${path}?after=3`);
    expect(placesOf(await asked.text())).toEqual(all.slice(3));
    expect((await api.open(`${path}?after=${all.length}`)).status).toBe(204);
    const odd = await api.open(path, { headers: { "last-event-id": "x" } });
    expect(odd.status).toBe(400);
  });

  test("say that the server closes", async () => {
    const api = await scriptedApi();
    const id = idOf(await api.ask("POST", "/v1/runs", { body: { task: "Wait." } }));
    const stream = await api.open(`/v1/runs/${id}/events`);
    api.closing.abort();
    expect(await stream.text()).toContain("event: server.closing");
  });
});

test("a run of another tenant is not there, whatever is asked of it", async () => {
  const api = await scriptedApi();
  const id = idOf(await api.ask("POST", "/v1/runs", { body: { task: "Say done." } }));
  const ask = (method: string, path: string, body?: unknown) =>
    api.ask(method, `/v1/runs/${id}${path}`, { as: api.key("two", ["admin"]), body });
  const answers = await Promise.all([
    ask("GET", ""),
    ask("GET", "/events"),
    ask("GET", "/report"),
    ask("GET", "/handoff"),
    ask("POST", "/messages", { text: "x" }),
    ask("POST", "/cancel"),
    ask("POST", "/resume"),
    ask("POST", "/replay"),
  ]);
  expect(answers.map(({ status, body }) => [status, (body as { code: string }).code])).toEqual(
    answers.map(() => [404, "store.unknown_run"]),
  );
  const listed = await api.ask("GET", "/v1/runs", { as: api.key("two", ["runs:read"]) });
  expect(listed.body).toEqual({ items: [], nextCursor: null });
  expect((await api.ask("GET", `/v1/runs/${id}`)).body).toMatchObject({ state: "queued" });
});
