import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import type { ReplayReport } from "../../src/engine/create-replay.ts";
import { realBubblewrap } from "../../src/sandbox/sandbox.fixture.ts";
import { type HttpPeer, httpPeer } from "../connectors/http-peer.ts";
import { freshFolder, runInProcess } from "../support/cli.ts";
import { grantTests, loopback } from "../support/egress.ts";
import { eventsOf, type ScriptedTurn, type TestEngine, testEngine } from "../support/engine.ts";

grantTests("Slack's side, and a look for bubblewrap", { connect: loopback, spawn: true });
const { probed, title } = await realBubblewrap();
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

function opened(...given: Parameters<typeof testEngine>): TestEngine {
  const made = testEngine(...given);
  closing.push(() => made.engine.close());
  return made;
}

const statuses = ({ calls }: ReplayReport) =>
  calls.map(({ status, why, live }) => [status, why ?? (live ? "live" : "")]);

describe("a message that was sent in a run", () => {
  const env = { SLACK_TOKEN: "xoxb-0000-not-a-real-token" };
  const turns = [
    { tool_calls: [{ name: "team__send", arguments: { text: "The build is done." } }] },
    { text: "I have told them." },
  ];

  /** A run that has sent one message after a person said yes. */
  async function sent(): Promise<{ slack: HttpPeer; folder: string; runId: string }> {
    let messages = 0;
    const slack = await httpPeer(() => {
      messages += 1;
      return { body: `{"ok":true,"channel":"C1","ts":"${messages}.0"}` };
    });
    closing.push(() => slack.close());
    const folder = freshFolder();
    const team = {
      kind: "slack",
      tokenVariable: "SLACK_TOKEN",
      channels: ["#ops"],
      baseUrl: `${slack.url}/api`,
    };
    writeFileSync(join(folder, "agent33.config.yaml"), stringify({ connectors: { team } }));
    const made = testEngine({}, folder, env);
    const { runId } = await made.run(turns);
    const [question] = made.engine.store.approvals.list({ state: "pending" });
    await made.engine.decideApproval(question?.id ?? "", "approved");
    await made.engine.runs.resume(runId);
    await made.engine.close();
    expect(slack.seen).toBe(1);
    return { slack, folder, runId };
  }

  test("is not sent again by a replay, and nobody is asked", async () => {
    const { slack, folder, runId } = await sent();
    const { engine } = opened({}, folder, env);
    const report = await engine.runs.replay(runId);
    expect(statuses(report)).toEqual([["not_run", "outside"]]);
    expect(report.differs).toBe(false);
    expect(slack.seen).toBe(1);
    expect(engine.store.approvals.list({ state: "pending" })).toEqual([]);
  });

  test("is sent again by a live replay, once a person has said yes", async () => {
    const { slack, folder, runId } = await sent();
    const cli = (...words: string[]) => runInProcess(words, folder, env);
    const asked = await cli("replay", runId, "--live");
    expect(asked.code).toBe(75);
    expect(slack.seen).toBe(1);
    const [, approval = ""] = /approvals approve (\S+)/.exec(asked.stderr) ?? [];
    const [, replay = ""] = /go on with agent33 replay (\S+)/.exec(asked.stdout) ?? [];
    expect((await cli("approvals", "approve", approval)).code).toBe(0);
    const { code, stdout } = await cli("replay", replay, "--json");
    const report = JSON.parse(stdout) as ReplayReport;
    expect(slack.seen).toBe(2);
    expect(statuses(report)).toEqual([["differs", "live"]]);
    expect(report.calls[0]?.diff).toContain("+Sent to #ops (message 2.0).");
    expect(code).toBe(2);
    // Told once, however often it was taken up.
    const { engine } = opened({}, folder, env);
    expect(eventsOf(engine.store.runLog.read(replay), "turn.completed")).toHaveLength(2);
  });

  test("is answered from the log where the person says no", async () => {
    const { slack, folder, runId } = await sent();
    const { engine } = opened({}, folder, env);
    const parked = await engine.runs.replay(runId, { live: true });
    expect(statuses(parked)).toEqual([["not_reached", ""]]);
    const [question] = engine.store.approvals.list({ state: "pending" });
    expect(question).toMatchObject({ runId: parked.replay, ruleId: "replay/live" });
    await engine.decideApproval(question?.id ?? "", "denied");
    await engine.runs.resume(parked.replay);
    expect(statuses(engine.runs.report(parked.replay))).toEqual([["not_run", "declined"]]);
    expect(slack.seen).toBe(1);
  });
});

describe.skipIf(!probed.available)(`the servers of a run, with ${title}`, () => {
  const script = join(import.meta.dirname, "../support/mcp-servers/looks-around.mjs");

  /** A run with a server that reads and writes where it is told to. */
  async function looked(
    turns: (workspace: string, elsewhere: string) => readonly ScriptedTurn[],
    more: readonly string[] = [],
  ) {
    const workspace = freshFolder();
    const elsewhere = freshFolder();
    writeFileSync(join(workspace, "note"), "hello");
    writeFileSync(join(elsewhere, "note"), "far");
    const args = [script, workspace, ...(more.includes("elsewhere") ? [elsewhere] : [])];
    const tools = { read: { effect: "read", repeat: "safe" } };
    const scout = { command: process.execPath, args, tools };
    const made = opened({ mcpServers: { scout } });
    const { runId, events } = await made.run(turns(workspace, elsewhere), {
      task: { kind: "text", text: "Look.", workspace },
    });
    return { made, runId, events, workspace, elsewhere };
  }

  const tool = (name: "read" | "write", path: string) => ({
    name: `scout__${name}`,
    arguments: { path },
  });

  test("start again with the scratch copy in the workspace's place", async () => {
    const { made, runId, workspace } = await looked((folder) => [
      { tool_calls: [tool("read", join(folder, "note")), tool("write", join(folder, "note"))] },
      { tool_calls: [tool("read", join(folder, "note"))] },
      { text: "Done." },
    ]);
    writeFileSync(join(workspace, "note"), "mine now");
    const report = await made.engine.runs.replay(runId);
    expect(statuses(report)).toEqual([
      ["same", ""],
      ["same", ""],
      ["same", ""],
    ]);
    expect(readFileSync(join(workspace, "note"), "utf8")).toBe("mine now");
  });

  test("read where else they are told of, and write nothing there", async () => {
    const { made, runId, elsewhere } = await looked(
      (_folder, far) => [
        { tool_calls: [tool("read", join(far, "note")), tool("write", join(far, "made"))] },
        { text: "Done." },
      ],
      ["elsewhere"],
    );
    writeFileSync(join(elsewhere, "made"), "kept");
    const report = await made.engine.runs.replay(runId);
    expect(statuses(report)).toEqual([
      ["same", ""],
      ["not_run", "outside"],
    ]);
    expect(readFileSync(join(elsewhere, "made"), "utf8")).toBe("kept");
  });

  test("that answer otherwise now are shown with what they say now", async () => {
    const { made, runId, elsewhere } = await looked(
      (_folder, far) => [{ tool_calls: [tool("read", join(far, "note"))] }, { text: "Done." }],
      ["elsewhere"],
    );
    writeFileSync(join(elsewhere, "note"), "near");
    const report = await made.engine.runs.replay(runId);
    expect(report.calls[0]).toMatchObject({
      status: "differs",
      diff: expect.stringContaining("\n-done far\n+done near\n"),
    });
  });
});
