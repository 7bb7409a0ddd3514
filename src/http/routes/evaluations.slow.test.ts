import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestApi, testApi } from "../../../test/support/api.ts";
import { runInProcess } from "../../../test/support/cli.ts";
import { grantTests } from "../../../test/support/egress.ts";
import { tasksIn } from "../../../test/support/tasks.ts";
import { temporaryFolder } from "../../../test/support/temporary.ts";

grantTests("tries agents on tasks as a server does", { spawn: true });

const folder = temporaryFolder("api");
const slow = { "solution/solve.sh": "sleep 20; echo yes > done\n" };
const settings = {
  "serve.evaluations.tasks": { small: "tasks", slow: "slow/tasks" },
  "serve.evaluations.environment": "host",
  "serve.evaluations.jobs": "done/jobs",
};
let api: TestApi;
beforeAll(async () => {
  tasksIn(folder, { one: {}, two: {} });
  tasksIn(join(folder, "slow"), { long: slow });
  api = await testApi(settings, { folder, shared: true });
});
afterAll(() => api.close());

const job = (name: string) => `/v1/evaluations/jobs/${name}`;
const start = (body: object) => api.ask("POST", "/v1/evaluations/jobs", { body });
const small = { sets: ["small"], agents: ["oracle", "nop"] };

async function over(name: string): Promise<unknown> {
  const look = async () => (await api.ask("GET", job(name))).body as { state: string };
  await expect.poll(async () => (await look()).state, { timeout: 60_000 }).not.toBe("running");
  return look();
}

test("tasks are listed by the names of their folders, without places", async () => {
  const { status, body, text } = await api.ask("GET", "/v1/evaluations/tasks");
  expect(status).toBe(200);
  expect(body).toMatchObject({
    items: [
      { set: "small", name: "one", hasSolution: true },
      { set: "small", name: "two" },
      { set: "slow", name: "long" },
    ],
    refused: [],
  });
  expect(text).not.toContain(folder);
});

test("a job is started, worked on, shown with its trials, and reported in every form", async () => {
  const begun = await start({ ...small, name: "first", trials: 2 });
  expect(begun).toMatchObject({
    status: 202,
    body: { name: "first", state: "running", trials: 8, environment: "host" },
  });
  expect(begun.headers.get("location")).toBe(job("first"));
  expect(await over("first")).toMatchObject({ state: "done", done: 8, passed: 4, errors: 0 });

  const page = await api.ask("GET", `${job("first")}/trials?limit=5`);
  const { items, nextCursor } = page.body as { items: { name: string }[]; nextCursor: string };
  expect(items).toHaveLength(5);
  expect(items[0]).toMatchObject({
    agent: "oracle",
    state: "done",
    result: { passed: true, reward: 1, error: null },
  });
  const rest = await api.ask("GET", `${job("first")}/trials?limit=5&cursor=${nextCursor}`);
  expect((rest.body as { items: unknown[] }).items).toHaveLength(3);
  const ones = await api.ask("GET", `${job("first")}/trials?task=one&state=done`);
  expect((ones.body as { items: unknown[] }).items).toHaveLength(4);

  const path = `${job("first")}/report`;
  const command = await runInProcess(["eval", "report", "done/jobs/first", "--json"], folder);
  const { suites } = JSON.parse(command.stdout) as { suites: unknown };
  expect((await api.ask("GET", path)).body).toMatchObject({ suites });
  const typeOf = async (query: string, accept = "*/*") =>
    (await api.ask("GET", `${path}${query}`, { headers: { accept } })).headers.get("content-type");
  expect(await typeOf("?format=markdown")).toBe("text/markdown; charset=utf-8");
  expect(await typeOf("", "text/html,application/xml;q=0.9,*/*;q=0.8")).toContain("text/html");
  expect(await typeOf("", "text/html;q=0.2, application/vnd.ctrf+json")).toContain("ctrf");
  expect(await typeOf("?format=json", "text/html")).toBe("application/json");
  const html = await api.ask("GET", `${path}?format=html`);
  expect(html.headers.get("content-disposition")).toBe('attachment; filename="first.html"');
  expect(html.text).not.toContain(folder);
  expect(await api.ask("GET", `${path}?control=moon`)).toMatchObject({
    status: 404,
    body: { code: "evaluation.unknown_condition" },
  });
  for (const query of ["level=2", "resamples=99999999", "passAt=x", "format=pdf"]) {
    expect((await api.ask("GET", `${path}?${query}`)).status).toBe(400);
  }
});

test("two conditions are compared with intervals, and a mistyped one is named", async () => {
  const query = "a=first&b=first&first=nop&second=oracle";
  const compared = await api.ask("GET", `/v1/evaluations/compare?${query}`);
  const { comparison } = compared.body as { comparison: object };
  expect(compared.status).toBe(200);
  expect(comparison).not.toBeNull();
  expect(JSON.stringify(comparison)).toContain("interval");
  expect(await api.ask("GET", "/v1/evaluations/compare?a=first&b=gone")).toMatchObject({
    status: 404,
    body: { code: "evaluation.job_not_found" },
  });
  expect((await api.ask("GET", "/v1/evaluations/compare?a=../first&b=first")).status).toBe(400);
});

test("jobs are listed newest first, with what cannot be read", async () => {
  await start({ ...small, name: "second", agents: ["nop"], oracleGate: false });
  await over("second");
  mkdirSync(join(folder, "done/jobs/broken"));
  for (const file of ["config.json", "lock.json"]) {
    writeFileSync(join(folder, "done/jobs/broken", file), "{");
  }
  const list = await api.ask("GET", "/v1/evaluations/jobs?limit=1");
  expect(list.body).toMatchObject({
    items: [{ name: "second" }],
    damaged: [expect.stringContaining("broken")],
  });
  expect(list.text).not.toContain(folder);
  const { nextCursor } = list.body as { nextCursor: string };
  const next = await api.ask("GET", `/v1/evaluations/jobs?limit=1&cursor=${nextCursor}`);
  expect(next.body).toMatchObject({ items: [{ name: "first" }], nextCursor: null });
  rmSync(join(folder, "done/jobs/broken"), { recursive: true });
});

test("a job that is cancelled is gone on with when it is resumed, and one at a time is worked on", async () => {
  const gates = { oracleGate: false };
  expect((await start({ sets: ["slow"], agents: ["oracle"], name: "long", ...gates })).status).toBe(
    202,
  );
  expect(await start({ ...small, name: "third" })).toMatchObject({
    status: 409,
    body: { code: "engine.jobs_full", retryable: true },
  });
  expect((await api.ask("POST", `${job("long")}/cancel`)).status).toBe(202);
  expect(await over("long")).toMatchObject({ state: "open", done: 0, error: null });
  expect(await api.ask("POST", `${job("long")}/cancel`)).toMatchObject({
    status: 409,
    body: { code: "engine.job_not_running" },
  });
  writeFileSync(join(folder, "slow/tasks/long/solution/solve.sh"), "echo yes > done\n");
  expect(await api.ask("POST", `${job("long")}/resume`, { body: {} })).toMatchObject({
    status: 409,
    body: { code: "evaluation.job_changed" },
  });
  writeFileSync(join(folder, "slow/tasks/long/solution/solve.sh"), slow["solution/solve.sh"]);
  const resumed = await api.ask("POST", `${job("long")}/resume`, { body: { parallel: 1 } });
  expect(resumed).toMatchObject({ status: 202, body: { state: "running" } });
  await api.ask("POST", `${job("long")}/cancel`);
  await over("long");
});

test.each([
  ["tasks of the server by their folder", { sets: ["../tasks"] }, 404, "engine.unknown_task_set"],
  ["a name of the language's own", { sets: ["constructor"] }, 404, "engine.unknown_task_set"],
  ["a file as agent", { agents: ["./agent.yaml"] }, 400, "api.invalid_request"],
  ["an agent that nobody defined", { agents: ["nobody"] }, 404, "agents.unknown"],
  ["a command", { command: "x=sh" }, 400, "api.invalid_request"],
  ["a script as model", { models: ["scripted:/etc/passwd"] }, 400, "api.invalid_request"],
  ["another place for trials", { environment: "docker" }, 400, "api.invalid_request"],
  ["another folder for jobs", { jobs: "/tmp" }, 400, "api.invalid_request"],
  ["a job that is there", { name: "first" }, 409, "evaluation.job_exists"],
  ["a path as name", { name: "../x" }, 400, "api.invalid_request"],
  ["a task that is not there", { include: ["onne"] }, 404, "evaluation.unknown_task"],
])("a job does not take %s", async (_, more, status, code) => {
  const answer = await start({ ...small, ...more });
  expect(answer).toMatchObject({ status, body: { code } });
  expect(answer.text).not.toContain(folder);
});

test("a trajectory is the trial's own file, and never one that a link leads to", async () => {
  const { body } = await api.ask("GET", `${job("first")}/trials`);
  const [first] = (body as { items: { name: string }[] }).items;
  const place = `${job("first")}/trials/${first?.name}/trajectory`;
  expect(await api.ask("GET", place)).toMatchObject({
    status: 404,
    body: { code: "evaluation.no_trajectory" },
  });
  const dir = join(folder, "done/jobs/first", first?.name ?? "");
  const path = join(dir, "result.json");
  const result = JSON.parse(readFileSync(path, "utf8")) as { agent33: { artefacts: object[] } };
  result.agent33.artefacts.push({
    name: "trajectory.json",
    path: "agent/trajectory.json",
    contentType: "application/json",
  });
  writeFileSync(path, JSON.stringify(result));
  const trajectory = {
    schema_version: "ATIF-v1.7",
    session_id: "s",
    agent: { name: "a", version: "1" },
    steps: [{ step_id: 1, source: "user", message: "hi" }],
  };
  mkdirSync(join(dir, "agent"), { recursive: true });
  const secret = join(folder, "secret.json");
  writeFileSync(secret, JSON.stringify(trajectory));
  symlinkSync(secret, join(dir, "agent/trajectory.json"));
  expect((await api.ask("GET", place)).status).toBe(404);
  rmSync(join(dir, "agent/trajectory.json"));
  writeFileSync(join(dir, "agent/trajectory.json"), JSON.stringify(trajectory));
  expect(await api.ask("GET", place)).toMatchObject({ status: 200, body: trajectory });
  writeFileSync(join(dir, "agent/trajectory.json"), "{");
  expect(await api.ask("GET", place)).toMatchObject({
    status: 422,
    body: { code: "evaluation.trajectory_malformed" },
  });
  expect(await api.ask("GET", `${job("first")}/trials/..%2Fx/trajectory`)).toMatchObject({
    status: 404,
    body: { code: "engine.unknown_trial" },
  });
});

test("a server that closes ends its jobs, so that the next can go on with them", async () => {
  const own = await testApi(settings, { folder, shared: true });
  const begun = await own.ask("POST", "/v1/evaluations/jobs", {
    body: { sets: ["slow"], agents: ["oracle"], name: "closed", oracleGate: false },
  });
  expect(begun.status).toBe(202);
  await own.close();
  expect((await api.ask("GET", job("closed"))).body).toMatchObject({ state: "open", done: 0 });
});
