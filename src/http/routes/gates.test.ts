import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testApi } from "../../../test/support/api.ts";
import { saveRegression } from "../../evaluation/gates/regression-files.ts";
import { sighted } from "../../evaluation/gates/regression-record.ts";
import { gateRoutes } from "./gates.ts";

const settings = { "serve.evaluations.jobs": "jobs" };

/** A regression of a task, as a comparison at this time kept it. */
function found(folder: string, subject: string, at: number): string {
  const job = { id: subject, name: subject };
  const regression = sighted(undefined, {
    finding: {
      kind: "task",
      concern: "success",
      condition: "worker@2",
      conditionKey: "worker",
      subject,
      p: 0.01,
      before: 1,
      after: 0,
      message: `It passed 8 of 8 in ${folder}/jobs/x, and now 0 of 8.`,
    },
    against: "main",
    job,
    owner: "ada",
    at,
  });
  saveRegression(join(folder, "jobs"), regression);
  return regression.id;
}

test("gates are the installation's: other tenants are refused, whatever they ask", async () => {
  const api = await testApi();
  for (const { method, path, body, name } of gateRoutes) {
    const place = path.replace("{job}", "j").replace("{gate}", "g").replace("{id}", "abc");
    const given: Readonly<Record<string, object>> = {
      saveGateBaseline: { job: "j", branch: "main" },
      triageRegression: { note: "n" },
    };
    const answer = await api.ask(method, place, {
      as: "two/admin",
      ...(body === undefined ? {} : { body: given[name] ?? {} }),
    });
    expect(answer, name).toMatchObject({ status: 403, body: { code: "api.installation_only" } });
  }
});

test("without a folder of jobs lists are empty, and what is asked for by name is not there", async () => {
  const api = await testApi(settings);
  for (const list of ["verdicts", "baselines", "regressions"]) {
    const { status, body } = await api.ask("GET", `/v1/gates/${list}`);
    expect({ status, body }, list).toEqual({ status: 200, body: { items: [], nextCursor: null } });
  }
  for (const [path, code] of [
    ["verdicts/gone/merge", "evaluation.job_not_found"],
    ["baselines/gone", "evaluation.unknown_baseline"],
    ["regressions/abc", "evaluation.unknown_regression"],
  ]) {
    expect(await api.ask("GET", `/v1/gates/${path}`), path).toMatchObject({
      status: 404,
      body: { code },
    });
  }
});

test("regressions are listed by what is asked, page by page, and shown without places", async () => {
  const api = await testApi(settings);
  const ids = ["one", "two", "three"].map((name, index) => found(api.folder, name, index + 1));
  const list = async (query: string) => {
    const { text, body } = await api.ask("GET", `/v1/gates/regressions?${query}`);
    expect(text).not.toContain(api.folder);
    return body as { items: { id: string }[]; nextCursor: string | null };
  };
  const first = await list("limit=2");
  expect(first.items.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
  const rest = await list(`limit=2&cursor=${first.nextCursor}`);
  expect(rest).toMatchObject({ items: [{ id: ids[0] }], nextCursor: null });
  expect((await list("open=true")).items).toHaveLength(3);
  for (const none of ["open=false", "state=fixing", "owner=bob", "against=next"]) {
    expect((await list(none)).items, none).toEqual([]);
  }
  expect(await api.ask("GET", "/v1/gates/regressions?state=gone")).toMatchObject({ status: 400 });
});

test("a regression is taken on, worked on and ended for a reason, in the name of who asks", async () => {
  const api = await testApi(settings);
  const id = found(api.folder, "one", 1);
  const place = `/v1/gates/regressions/${id}`;
  const reader = { as: api.key("one", ["gates:read"]) };
  expect(await api.ask("POST", `${place}/take`, { ...reader, body: {} })).toMatchObject({
    status: 403,
  });
  const taken = await api.ask("POST", `${place}/take`, { body: { note: "Mine." } });
  expect(taken).toMatchObject({ status: 200, body: { state: "investigating" } });
  const { owner, history } = taken.body as { owner: string; history: { by: string }[] };
  expect(owner).not.toBe("ada");
  expect(history.at(-1)).toMatchObject({ by: owner, note: `Owner: ${owner}. Mine.` });

  const triage = (body: object) => api.ask("POST", `${place}/triage`, { body });
  expect(await triage({ state: "fixing" })).toMatchObject({ body: { state: "fixing" } });
  const again = await api.ask("POST", `${place}/take`, { body: {} });
  expect(again, "who takes it on does not set it back").toMatchObject({
    body: { state: "fixing" },
  });
  expect(await triage({ state: "resolved" })).toMatchObject({
    status: 409,
    body: { code: "evaluation.bad_triage", detail: expect.stringContaining("reason") },
  });
  const end = { state: "resolved", note: "Mended.", owner: "bob" };
  expect(await triage(end)).toMatchObject({ body: { state: "resolved", owner: "bob" } });
  expect(await triage({ state: "fixing", note: "n" })).toMatchObject({ status: 409 });
  expect(await triage({})).toMatchObject({ status: 400 });
  expect(await triage({ state: "investigating", by: "eve" })).toMatchObject({ status: 400 });
  expect(await api.ask("GET", place, reader)).toMatchObject({
    status: 200,
    body: { id, state: "resolved" },
  });
});

test("what cannot be read is told beside what can, and asked for by name is an error", async () => {
  const api = await testApi(settings);
  const id = found(api.folder, "one", 1);
  found(api.folder, "two", 2);
  appendFileSync(join(api.folder, "jobs/.gates/regressions", `${id}.json`), "}");
  const { body, text } = await api.ask("GET", "/v1/gates/regressions");
  expect(body).toMatchObject({ items: [{ subject: "two" }], damaged: [expect.any(String)] });
  expect(text).not.toContain(api.folder);
  expect(await api.ask("GET", `/v1/gates/regressions/${id}`)).toMatchObject({
    status: 422,
    body: { code: "evaluation.regression_malformed" },
  });
  const job = join(api.folder, "jobs/a");
  mkdirSync(job);
  for (const name of ["config.json", "lock.json", "verdict-merge.json"]) {
    writeFileSync(join(job, name), "{}");
  }
  expect((await api.ask("GET", "/v1/gates/verdicts")).body).toMatchObject({
    items: [],
    damaged: [expect.stringContaining("cannot be read")],
  });
  expect(await api.ask("GET", "/v1/gates/verdicts/a/merge")).toMatchObject({
    status: 422,
    body: { code: "evaluation.verdict_malformed" },
  });
});
