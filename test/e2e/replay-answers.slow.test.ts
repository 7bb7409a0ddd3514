import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { stringify } from "yaml";
import { main } from "../../src/cli/main.ts";
import type { Prompts } from "../../src/cli/prompts.ts";
import type { ReplayReport } from "../../src/engine/create-replay.ts";
import { realBubblewrap } from "../../src/sandbox/sandbox.fixture.ts";
import { httpPeer } from "../connectors/http-peer.ts";
import { freshFolder, projectRoot, runInProcess } from "../support/cli.ts";
import { grantTests, loopback } from "../support/egress.ts";
import { eventsOf, testEngine, testHost } from "../support/engine.ts";
import { handTo, runTeam } from "../support/team.ts";

/** What models and people said in a run is not asked for again. */

grantTests("Slack's side, and a look for bubblewrap", { connect: loopback, spawn: true });
const { probed, title } = await realBubblewrap();

function opened(...given: Parameters<typeof testEngine>) {
  const made = testEngine(...given);
  onTestFinished(() => made.engine.close());
  return made;
}

const statuses = ({ calls }: ReplayReport) => calls.map(({ status, why }) => why ?? status);
const done = { text: "Done." };

describe.skipIf(!probed.available)(`a server that asked the model, with ${title}`, () => {
  const everything = "node_modules/@modelcontextprotocol/server-everything/dist/index.js";
  const all = { command: process.execPath, args: [resolve(projectRoot, everything)] };
  const asks = {
    text: "Sampled words.",
    tool_calls: [
      { name: "all__trigger-sampling-request", arguments: { prompt: "Say it.", maxTokens: 50 } },
    ],
  };

  test("gets the log's answers, and spends nothing", async () => {
    const { engine, run } = opened({ mcpServers: { all: { ...all, sampling: true } } });
    const { runId } = await run([asks, asks, done]);
    const report = await engine.runs.replay(runId);
    expect(statuses(report)).toEqual(["same", "same"]);
    const events = engine.store.runLog.read(report.replay);
    expect(eventsOf(events, "sampling.completed").map(({ usage }) => usage.outputTokens)).toEqual([
      0, 0,
    ]);
    const { items } = engine.store.audit.list({ runId: report.replay, limit: 50 });
    expect(items.filter(({ connector }) => connector.startsWith("model:"))).toEqual([]);
  });
});

test("a call whose tool asked a person is answered from the log", async () => {
  const folder = freshFolder();
  const file = join(folder, "done.txt");
  writeFileSync(file, "");
  const script = join(projectRoot, "test/support/mcp-servers/asks-people.mjs");
  const tools = { book: { effect: "read", repeat: "safe" } };
  const books = { command: process.execPath, args: [script, file], tools, confine: false };
  const { engine, run } = opened({ mcpServers: { books } }, folder);
  const { runId } = await run([{ tool_calls: [{ name: "books__book", arguments: {} }] }, done]);
  const [question] = engine.store.approvals.list({ state: "pending" });
  await engine.answerQuestion(question?.id ?? "", { action: "accept", content: { guests: 4 } });
  await engine.runs.resume(runId);
  const before = readFileSync(file, "utf8");
  const report = await engine.runs.replay(runId);
  expect(statuses(report)).toEqual(["answered"]);
  expect(readFileSync(file, "utf8")).toBe(before);
  expect(engine.store.approvals.list({ state: "pending" })).toEqual([]);
});

test("what a person said to the agent at work is told at the place where it was heard", async () => {
  const made = opened();
  const workspace = join(made.folder, "work");
  mkdirSync(workspace);
  const runId = await made.engine.runs.create({
    task: { kind: "text", text: "Do it.", workspace },
    model: made.script([
      { tool_calls: [{ name: "append_line", arguments: { path: "a.txt", line: "one" } }] },
      done,
      { text: "I heard you." },
    ]),
    effort: undefined,
    mcpCommands: [],
  });
  made.engine.runs.send(runId, "And be brief.", "follow_up");
  await made.engine.runs.drive(runId);
  const report = await made.engine.runs.replay(runId);
  expect(report.differs).toBe(false);
  const told = (id: string) =>
    made.engine.store.runLog
      .read(id)
      .filter(({ type }) => type === "message.user" || type === "turn.completed")
      .map((event) => (event.type === "message.user" ? [event.from, event.text] : "turn"));
  expect(told(report.replay)).toEqual(told(runId));
  expect(told(runId)).toContainEqual(["follow_up", "And be brief."]);
});

test("agents that worked for another are replayed call by call, with the answers that each gave", async () => {
  const made = opened();
  const append = (line: string) => ({
    tool_calls: [{ name: "append_line", arguments: { path: "notes.txt", line } }],
  });
  const { runId, events } = await runTeam(made, {
    agents: { lead: { agents: ["writer", "reader"] }, writer: {}, reader: {} },
    turns: [{ tool_calls: [handTo("writer"), handTo("reader")] }, append("lead"), done],
    says: { writer: [append("writer"), { text: "I wrote it." }], reader: [{ text: "I read it." }] },
  });
  const report = await made.engine.runs.replay(runId);
  expect(
    report.calls.map(({ agentPath, tool, why, status }) => [agentPath, tool, why ?? status]),
  ).toEqual([
    [undefined, "delegate", "agent"],
    [undefined, "delegate", "agent"],
    ["1.0", "append_line", "same"],
    [undefined, "append_line", "same"],
  ]);
  expect(report).toMatchObject({ ended: true, differs: false });
  const own = made.engine.store.runLog.read(report.replay);
  const said = (log: typeof events, agentPath: string | undefined) =>
    eventsOf(log, "turn.completed")
      .filter((turn) => turn.agentPath === agentPath)
      .map(({ parts }) => parts);
  for (const path of [undefined, "1.0", "1.1"]) expect(said(own, path)).toEqual(said(events, path));
  expect(eventsOf(own, "run.finished")[0]?.totals).toMatchObject({ turns: 6, inputTokens: 0 });
});

test("checks run again, each in its place, and its verdict is held against that of then", async () => {
  const made = opened();
  const workspace = join(made.folder, "work");
  mkdirSync(workspace);
  const gate = join(made.folder, "gate");
  writeFileSync(gate, "");
  const add = (line: string) => ({
    tool_calls: [{ name: "append_line", arguments: { path: "a.txt", line } }],
  });
  const { runId, outcome } = await made.run([add("one"), done, add("two"), done], {
    task: { kind: "text", text: "Do it.", workspace },
    checks: [`test -e ${gate}`, `test $(wc -l < ${workspace}/a.txt) -ge 2`],
  });
  expect(outcome).toBe("verified");
  const same = await made.engine.runs.replay(runId);
  const verdicts = ({ verdicts: all }: ReplayReport) =>
    all.filter(({ what }) => what !== "files changed").map(({ before, now }) => [before, now]);
  expect(verdicts(same)).toEqual([
    ["passed", "passed"],
    ["failed", "failed"],
    ["passed", "passed"],
    ["passed", "passed"],
    ["verified", "verified"],
  ]);
  // A check that looks elsewhere finds another world.
  rmSync(gate);
  const other = await made.engine.runs.replay(runId);
  expect(other.differs).toBe(true);
  expect(verdicts(other)).toEqual([
    ["passed", "failed"],
    ["failed", "did not run"],
    ["passed", "failed"],
    ["passed", "did not run"],
    ["verified", "refuted"],
  ]);
});

test("arguments with a secret are not sent again: the log does not hold it", async () => {
  const made = opened();
  const line = `key sk-${"a1b2".repeat(8)}`;
  const { runId } = await made.run([
    { tool_calls: [{ name: "append_line", arguments: { path: "a.txt", line } }] },
    done,
  ]);
  expect(statuses(await made.engine.runs.replay(runId))).toEqual(["secret"]);
});

test("at a terminal a live replay asks there about each call, and goes on", async () => {
  const env = { SLACK_TOKEN: "xoxb-0000-not-a-real-token" };
  const slack = await httpPeer(() => ({ body: '{"ok":true,"channel":"C1","ts":"1.2"}' }));
  onTestFinished(() => slack.close());
  const folder = freshFolder();
  const common = { kind: "slack", tokenVariable: "SLACK_TOKEN", channels: ["#ops"] };
  const team = { ...common, baseUrl: `${slack.url}/api` };
  writeFileSync(join(folder, "agent33.config.yaml"), stringify({ connectors: { team } }));
  const send = { tool_calls: [{ name: "team__send", arguments: { text: "Hello." } }] };
  const made = testEngine({}, folder, env);
  const { runId } = await made.run([send, done]);
  const [question] = made.engine.store.approvals.list({ state: "pending" });
  await made.engine.decideApproval(question?.id ?? "", "approved");
  await made.engine.runs.resume(runId);
  await made.engine.close();

  const asked: string[] = [];
  let said = "";
  const terminal = (yes: boolean): Prompts => ({
    choose: () => Promise.reject(new Error("Nothing is to be chosen.")),
    text: () => Promise.reject(new Error("Nothing is to be written.")),
    confirm: (message) => {
      asked.push(message);
      return Promise.resolve(yes);
    },
  });
  const replay = (yes: boolean) =>
    main(["replay", runId, "--live"], {
      host: testHost(folder, env),
      write: (text) => {
        said += text;
      },
      writeError: () => undefined,
      colours: false,
      columns: 100,
      program: "agent33",
      onInterrupt: () => () => undefined,
      prompts: terminal(yes),
    });
  expect(await replay(false)).toBe(0);
  expect(said).toContain("not run: a person said no now");
  expect(slack.seen).toBe(1);
  expect(await replay(true)).toBe(0);
  expect(said).toContain("same (live)");
  expect(slack.seen).toBe(2);
  expect(asked).toHaveLength(2);
  expect(asked[0]).toContain("Hello.");
  const { stdout } = await runInProcess(["runs", "list"], folder, env);
  expect(stdout).toContain(`replay of ${runId.slice(0, 13)}: Do it.`);
});
