import { expect, test } from "vitest";
import { scriptedApi, type TestApi } from "../../../test/support/api.ts";

const careful = `pack: careful
version: 1
description: asks before anything is written
default: allow
rules:
  - id: writes
    ask: { connector: "tool:workspace" }
    reason: Writing needs a person.
`;

/** A run that waits for a person, and its question. */
async function parked(): Promise<{
  readonly api: TestApi;
  readonly run: string;
  readonly id: string;
}> {
  const write = { name: "append_line", arguments: { path: "notes.txt", line: "one" } };
  const api = await scriptedApi(
    [{ tool_calls: [write] }, { text: "Done." }],
    {
      "policy.packs": ["careful"],
      "policy.files": ["careful.yaml"],
      "serve.workspaces": ["work"],
    },
    { "careful.yaml": careful, "work/here/readme.txt": "" },
  );
  const body = { task: "Write.", workspace: "work/here" };
  const made = await api.ask("POST", "/v1/runs", { body });
  await api.work("one");
  const { items } = (await api.ask("GET", "/v1/approvals?state=pending")).body as {
    items: { id: string }[];
  };
  return { api, run: (made.body as { id: string }).id, id: items[0]?.id ?? expect.fail() };
}

test("a question is listed, shown and answered, and the run goes on", async () => {
  const { api, run, id } = await parked();
  expect((await api.ask("GET", `/v1/runs/${run}`)).body).toMatchObject({ state: "parked" });
  const shown = await api.ask("GET", `/v1/approvals/${id}`);
  expect(shown.body).toMatchObject({
    approval: { id, runId: run, state: "pending", ruleId: "careful/writes" },
    question: null,
  });
  const approved = await api.ask("POST", `/v1/approvals/${id}/approve`);
  expect(approved).toMatchObject({ status: 200, body: { id, runId: run } });
  await api.work("one");
  expect((await api.ask("GET", `/v1/runs/${run}`)).body).toMatchObject({ outcome: "unverified" });
  const { body } = await api.ask("GET", `/v1/approvals/${id}`);
  expect(body).toMatchObject({ approval: { state: "consumed", decidedBy: "user-of-one" } });
  expect(await api.ask("POST", `/v1/approvals/${id}/deny`)).toMatchObject({
    status: 409,
    body: { code: "store.approval_decided" },
  });
});

test("why somebody decided stays with the question and in the audit, without secrets", async () => {
  const { api, id } = await parked();
  const approve = (body: unknown) => api.ask("POST", `/v1/approvals/${id}/approve`, { body });
  expect(await approve({ note: "x".repeat(2_001) })).toMatchObject({ status: 400 });
  expect(await approve({ reason: "x" })).toMatchObject({ status: 400 });
  const note =
    "  The invoice is due; the key was sk-ant-api03-abcdefghijklmnopqrstuvwxyz0123456789.  ";
  expect((await approve({ note })).status).toBe(200);
  const { body } = await api.ask("GET", `/v1/approvals/${id}`);
  const kept = (body as { approval: { note: string } }).approval.note;
  expect(kept).toMatch(/^The invoice is due; the key was .+\.$/);
  expect(kept).not.toContain("abcdefghijkl");
  const rows = (await api.ask("GET", "/v1/audit?connector=approvals")).body;
  expect(rows).toMatchObject({
    items: [
      {
        operation: "approvals.approve",
        outcome: "ok",
        record: {
          tool: id,
          principal: { user: "user-of-one" },
          decision: { ruleId: "approvals/person", reason: kept },
        },
      },
    ],
  });
});

test("a question about a call is not answered like one of a server", async () => {
  const { api, id } = await parked();
  expect(
    await api.ask("POST", `/v1/approvals/${id}/answer`, { body: { action: "accept" } }),
  ).toMatchObject({ status: 422, body: { code: "engine.not_a_question" } });
});

test("a question of another tenant is not there, whatever is asked of it", async () => {
  const { api, id } = await parked();
  const as = api.key("two", ["admin"]);
  const answers = await Promise.all([
    api.ask("GET", `/v1/approvals/${id}`, { as }),
    api.ask("POST", `/v1/approvals/${id}/approve`, { as }),
    api.ask("POST", `/v1/approvals/${id}/deny`, { as }),
    api.ask("POST", `/v1/approvals/${id}/answer`, { as, body: { action: "cancel" } }),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
  expect((await api.ask("GET", "/v1/approvals", { as })).body).toEqual({ items: [] });
  expect((await api.ask("GET", `/v1/approvals/${id}`)).body).toMatchObject({
    approval: { state: "pending" },
  });
});
