import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testApi } from "../../../test/support/api.ts";
import { runInProcess } from "../../../test/support/cli.ts";
import { grantTests } from "../../../test/support/egress.ts";
import { oracleGates, tasksIn } from "../../../test/support/tasks.ts";
import { temporaryFolder } from "../../../test/support/temporary.ts";

grantTests("tries agents on tasks as a gate does", { spawn: true });

const gates = oracleGates();

test("what a gate said is listed and shown, and its job kept as what a branch could do", async () => {
  const folder = temporaryFolder("api");
  tasksIn(folder, { one: {} });
  writeFileSync(join(folder, "agent33.gates.yaml"), JSON.stringify(gates));
  const api = await testApi({ "serve.evaluations.jobs": "jobs" }, { folder });
  const words = ["gate", "run", "merge", "--name", "a", "--data", "other"];
  expect((await runInProcess(words, folder)).code).toBe(0);

  const listed = await api.ask("GET", "/v1/gates/verdicts?job=a&gate=merge&outcome=passed");
  expect(listed.body).toMatchObject({
    items: [{ job: "a", gate: "merge", intact: true, commit: null, tasks: 1, notPassed: [] }],
  });
  expect((await api.ask("GET", "/v1/gates/verdicts?outcome=failed")).body).toMatchObject({
    items: [],
  });
  const shown = await api.ask("GET", "/v1/gates/verdicts/a/merge");
  expect(shown).toMatchObject({ status: 200, body: { outcome: "passed", intact: true } });
  expect(shown.text).not.toContain(folder);
  expect(await api.ask("GET", "/v1/gates/verdicts/a/other")).toMatchObject({
    status: 404,
    body: { code: "evaluation.unknown_verdict" },
  });
  const file = join(folder, "jobs/a/verdict-merge.json");
  writeFileSync(file, readFileSync(file, "utf8").replace('"level": 0.95', '"level": 0.5'));
  const edited = await api.ask("GET", "/v1/gates/verdicts/a/merge");
  expect(edited).toMatchObject({ status: 200, body: { level: 0.5, intact: false } });

  const save = (body: object) => api.ask("POST", "/v1/gates/baselines", { body });
  const saved = await save({ job: "a", branch: "main" });
  expect(saved).toMatchObject({ status: 201, body: { branch: "main", job: { name: "a" } } });
  const place = saved.headers.get("location") ?? "";
  expect((await api.ask("GET", place)).body).toEqual(saved.body);
  expect((await api.ask("GET", "/v1/gates/baselines?branch=main")).body).toMatchObject({
    items: [{ branch: "main", conditions: ["oracle · no model"] }],
  });
  expect(await save({ job: "gone", branch: "main" })).toMatchObject({ status: 404 });
  expect(await save({ job: "../jobs/a", branch: "main" })).toMatchObject({ status: 400 });
  expect(await save({ job: "a", branch: "  " })).toMatchObject({
    status: 422,
    body: { code: "evaluation.bad_branch" },
  });
}, 60_000);
