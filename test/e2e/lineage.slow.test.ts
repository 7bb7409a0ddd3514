import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { JsonValue } from "../../src/base/json.ts";
import type { Lineage, LineageStep } from "../../src/engine.ts";
import { scriptedApi } from "../support/api.ts";
import { runInProcess } from "../support/cli.ts";
import { eventsOf, type TestEngine, testEngine } from "../support/engine.ts";
import { handTo, runTeam } from "../support/team.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

function opened(settings: Readonly<Record<string, JsonValue>> = {}, folder?: string): TestEngine {
  const made = testEngine(settings, folder);
  closing.push(() => made.engine.close());
  return made;
}

const kindsOf = (steps: readonly LineageStep[]): readonly string[] =>
  steps.map(({ kind, what }) => `${kind}: ${what}`);
const append = { name: "append_line", arguments: { path: "notes.txt", line: "SECRET WORDS" } };
const callsOf = ({ engine }: TestEngine, runId: string) =>
  engine.store.audit.list({ runId, limit: 1000 }).items.toReversed();

test("a tool's call leads back to the answer, the words and the run, and on to its result, its reader and the file", async () => {
  const made = opened();
  const { runId, events } = await made.run([{ tool_calls: [append] }, { text: "Done." }]);
  const [first, second] = eventsOf(events, "turn.completed");
  const call = callsOf(made, runId).find(({ connector }) => connector.startsWith("tool:"));
  const found = await made.engine.lineage.ofCall(call?.callId ?? "");
  expect(found.call?.place).toBe("call 0 of turn 1");
  expect(kindsOf(found.ledTo)).toEqual([
    expect.stringMatching(/^rule: allow by default\//),
    "request: append_line",
    expect.stringMatching(/^server: /),
    "answer: turn 1",
    "message: task",
    expect.stringMatching(/^run: .* on scripted:.*, medium \(default\)$/),
    expect.stringMatching(/^person: local, /),
  ]);
  expect(found.ledTo.find(({ kind }) => kind === "answer")?.call).toBe(first?.callId);
  expect(found.ledTo.find(({ kind }) => kind === "message")?.basis).toBe("order");
  expect(kindsOf(found.caused)).toEqual([
    "result: append_line",
    "turn: turn 2",
    "file: notes.txt added",
  ]);
  expect(found.caused.map(({ basis }) => basis)).toEqual(["recorded", "order", "arguments"]);
  expect(found.caused[1]?.call).toBe(second?.callId);
  expect(JSON.stringify(found)).not.toContain("SECRET");

  // The model's own calls: what it asked for, and what it had read.
  const asked = await made.engine.lineage.ofCall(first?.callId ?? "");
  expect(asked.call?.place).toBe("turn 1");
  expect(asked.caused).toMatchObject([{ kind: "call", what: "append_line", call: call?.callId }]);
  const told = await made.engine.lineage.ofCall(second?.callId ?? "");
  expect(kindsOf(told.ledTo)).toContain("result: append_line");
  expect(kindsOf(told.caused)).toContain("end: done");
});

test("a failed call leads on to its signal, the intake of it, and the lesson", async () => {
  const made = opened({
    "learning.automaticIntakes.minSeverity": "low",
    "learning.automaticIntakes.minScore": 0,
  });
  const missing = { name: "append_line", arguments: { path: "../outside.txt", line: "x" } };
  const { runId } = await made.run([{ tool_calls: [missing] }, { text: "Done." }]);
  await made.engine.learning.catchUp();
  await made.engine.audit.flush();
  const rows = await made.engine.learning.rows();
  const [signal] = (await rows.signals.list()).items;
  const intake = signal?.intakeId ?? expect.fail();
  const lesson = await rows.lessons.create({
    eventType: "failure",
    title: "Look first",
    what: "",
    insight: "",
    recommendation: "",
    recordedBy: "me",
    actions: [],
    intakeIds: [intake],
    signalIds: [],
  });
  const call = callsOf(made, runId).find(({ connector }) => connector.startsWith("tool:"));
  const { caused } = await made.engine.lineage.ofCall(call?.callId ?? "");
  expect(caused.slice(-3)).toMatchObject([
    { kind: "signal", id: signal?.id },
    { kind: "intake", id: intake },
    { kind: "lesson", id: lesson.id },
  ]);
  const whole = await made.engine.lineage.ofRun(runId);
  expect(whole.caused.map(({ id }) => id)).toEqual(
    expect.arrayContaining([signal?.id, intake, lesson.id]),
  );
});

test("a helper's call leads back through the call that handed the work over", async () => {
  const made = opened();
  const { runId, events } = await runTeam(made, {
    agents: { lead: { agents: ["helper"] }, helper: {} },
    turns: [{ tool_calls: [handTo("helper")] }, { text: "Reported." }],
    says: { helper: [{ tool_calls: [append] }, { text: "I wrote it." }] },
  });
  const calls = callsOf(made, runId);
  const written = calls.find(({ connector }) => connector.startsWith("tool:workspace"));
  const { ledTo, call } = await made.engine.lineage.ofCall(written?.callId ?? "");
  expect(call?.place).toBe("call 0 of turn 1 of the agent at 1.0");
  const kinds = ledTo.map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind === "answer")).toHaveLength(2);
  expect(kinds).toContain("agent");
  const [delegated] = eventsOf(events, "agent.started");
  const below = await made.engine.lineage.ofCall(delegated?.callId ?? "");
  expect(below.call?.place).toBe("call 0 of turn 1");
  expect(kindsOf(below.caused)).toEqual(
    expect.arrayContaining(["agent: helper@1", "turn: turn 1 of it", "end: done"]),
  );
});

test("a call that a person allowed names the rule, the question and who answered", async () => {
  const pack = `pack: careful
version: 1
description: asks before anything is written
default: allow
rules:
  - { id: writes, ask: { connector: "tool:workspace" }, reason: Writing needs a person. }
`;
  const api = await scriptedApi(
    [{ tool_calls: [append] }, { text: "Done." }],
    {
      "policy.packs": ["careful"],
      "policy.files": ["careful.yaml"],
      "serve.workspaces": ["work"],
    },
    { "careful.yaml": pack, "work/here/readme.txt": "" },
  );
  const made = await api.ask("POST", "/v1/runs", {
    body: { task: "Write.", workspace: "work/here" },
  });
  const run = (made.body as { id: string }).id;
  await api.work("one");
  const asked = (await api.ask("GET", "/v1/approvals?state=pending")).body as {
    items: { id: string }[];
  };
  const id = asked.items[0]?.id ?? expect.fail();
  await api.ask("POST", `/v1/approvals/${id}/approve`);
  await api.work("one");
  const calls = (await api.ask("GET", `/v1/audit?run=${run}&connector=tool:workspace`)).body as {
    items: { callId: string; outcome: string }[];
  };
  expect(calls.items.map(({ outcome }) => outcome)).toEqual(["ok", "boundary.approval_required"]);
  for (const { callId } of calls.items) {
    const answer = await api.ask("GET", `/v1/audit/calls/${callId}/lineage`);
    expect(answer.status).toBe(200);
    const lineage = answer.body as Lineage;
    expect(lineage.ledTo.slice(0, 2)).toMatchObject([
      { kind: "rule", what: "ask by careful/writes" },
      { kind: "approval", id, what: expect.stringContaining("answered by user-of-one") },
    ]);
    expect(lineage.caused).toContainEqual(expect.objectContaining({ kind: "question", id }));
    expect(lineage.ledTo.at(-1)).toMatchObject({
      kind: "person",
      what: expect.stringContaining("key-of-one"),
    });
    expect(answer.text).not.toContain("SECRET");
    const stranger = await api.ask("GET", `/v1/audit/calls/${callId}/lineage`, {
      as: api.key("two", ["admin"]),
    });
    expect(stranger.status).toBe(404);
  }
  // Who asked the API is no run's.
  const acts = (await api.ask("GET", "/v1/audit?connector=api")).body as typeof calls;
  const act = await api.ask("GET", `/v1/audit/calls/${acts.items[0]?.callId}/lineage`);
  expect(act.body).toMatchObject({ run: null, caused: [] });
  const as = api.key("one", ["runs:read"]);
  const none = await api.ask("GET", `/v1/audit/calls/${calls.items[0]?.callId}/lineage`, { as });
  expect(none.status).toBe(403);
});

test("the command line says the same, in words and as JSON, and what is wrong with what it was given", async () => {
  const made = opened();
  const { runId } = await made.run([{ tool_calls: [append] }, { text: "Done." }]);
  const call = callsOf(made, runId).find(({ connector }) => connector.startsWith("tool:"));
  const callId = call?.callId ?? "";
  const expected = await made.engine.lineage.ofCall(callId);
  await made.engine.close();
  closing.splice(0);
  const ask = (...words: readonly string[]) =>
    runInProcess([...words, "--data", join(made.folder, ".agent33")], made.folder);
  const json = await ask("audit", "lineage", callId, "--json");
  expect(JSON.parse(json.stdout)).toEqual(expected);
  const words = await ask("runs", "lineage", runId, "--call", callId);
  expect(words.stdout).toMatch(/request +append_line +recorded/);
  expect(words.stdout).toMatch(/message +task +order/);
  const whole = await ask("runs", "lineage", runId);
  expect(whole.stdout).toMatch(/file +notes\.txt added/);

  const unknown = await ask("audit", "lineage", "no-such-call");
  expect(unknown.code).toBe(64);
  expect(unknown.stderr).toContain('There is no call "no-such-call".');
  const second = opened({}, made.folder);
  const other = await second.run([{ text: "Done." }]);
  await second.engine.close();
  closing.splice(0);
  const wrong = await ask("runs", "lineage", other.runId, "--call", callId);
  expect(wrong.code).toBe(64);
  expect(wrong.stderr).toContain("is not one of run");
});
