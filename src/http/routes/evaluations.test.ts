import { expect, test } from "vitest";
import { testApi } from "../../../test/support/api.ts";
import { evaluationReportRoutes } from "./evaluation-reports.ts";
import { evaluationRoutes } from "./evaluations.ts";

test("jobs are the installation's: other tenants are refused, whatever they ask", async () => {
  const api = await testApi();
  for (const { method, path, body, name } of [...evaluationRoutes, ...evaluationReportRoutes]) {
    if (name === "importEvaluation") continue;
    const place = path.replace("{job}", "j").replace("{trial}", "t");
    const query = name === "compareEvaluations" ? "?a=j&b=j" : "";
    const answer = await api.ask(method, `${place}${query}`, {
      as: "two/admin",
      ...(body === undefined ? {} : { body: {} }),
    });
    expect(answer, name).toMatchObject({ status: 403, body: { code: "api.installation_only" } });
  }
});

test("without folders of tasks there is nothing to try, and no job to be seen", async () => {
  const api = await testApi();
  expect((await api.ask("GET", "/v1/evaluations/tasks")).body).toEqual({ items: [], refused: [] });
  expect((await api.ask("GET", "/v1/evaluations/jobs")).body).toEqual({
    items: [],
    nextCursor: null,
  });
  expect(await api.ask("POST", "/v1/evaluations/jobs", { body: {} })).toMatchObject({
    status: 404,
    body: { code: "engine.unknown_task_set", hint: expect.stringContaining("serve.evaluations") },
  });
  for (const what of ["", "/trials", "/report", "/trials/t/trajectory"]) {
    expect(await api.ask("GET", `/v1/evaluations/jobs/gone${what}`)).toMatchObject({
      status: 404,
      body: { code: "evaluation.job_not_found" },
    });
  }
});

test("reports of other programs are read, and what is none is refused with the reason", async () => {
  const api = await testApi();
  const read = (text: string) =>
    api.ask("POST", "/v1/evaluations/import", { as: "two/admin", body: { text } });
  const junit = '<testsuite name="s"><testcase name="a" time="0.1"/></testsuite>';
  expect(await read(junit)).toMatchObject({
    status: 200,
    body: { kind: "junit", document: { results: { summary: { tests: 1 } } } },
  });
  expect(await read("no report")).toMatchObject({
    status: 422,
    body: { code: "evaluation.import_malformed" },
  });
});
