import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { type HttpPeer, httpPeer } from "../connectors/http-peer.ts";
import { freshFolder, runInProcess, startCli } from "../support/cli.ts";
import { grantTests, loopback } from "../support/egress.ts";
import { eventsOf, type TestEngine, testEngine } from "../support/engine.ts";

grantTests("Slack's side", { connect: loopback });
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const env = { SLACK_TOKEN: "xoxb-0000-not-a-real-token" };
const text = "The build is done.";
const turns = [
  { tool_calls: [{ name: "team__send", arguments: { text } }] },
  { text: "I have told them." },
];

/** A folder whose settings know one channel of a Slack that runs here. */
async function office(): Promise<{ readonly slack: HttpPeer; readonly folder: string }> {
  const slack = await httpPeer(() => ({ body: '{"ok":true,"channel":"C1","ts":"1.2"}' }));
  closing.push(() => slack.close());
  const folder = freshFolder();
  const team = {
    kind: "slack",
    tokenVariable: "SLACK_TOKEN",
    channels: ["#ops"],
    baseUrl: `${slack.url}/api`,
  };
  writeFileSync(join(folder, "agent33.config.yaml"), stringify({ connectors: { team } }));
  return { slack, folder };
}

function opened(folder: string): TestEngine {
  const made = testEngine({}, folder, env);
  closing.push(() => made.engine.close());
  return made;
}

/** A run that has asked whether it may send, and was told yes. */
async function approved({ engine, run }: TestEngine): Promise<string> {
  const { runId, outcome } = await run(turns);
  expect(outcome).toBe("parked");
  const [question, ...others] = engine.store.approvals.list({ state: "pending" });
  expect(others).toEqual([]);
  expect(question?.summary).toContain(text);
  await engine.decideApproval(question!.id, "approved");
  return runId;
}

test("a message is a question to a person under the default pack, and then sent once", async () => {
  const { slack, folder } = await office();
  const made = opened(folder);
  const runId = await approved(made);
  expect(slack.seen).toBe(0);
  expect(await made.engine.runs.resume(runId)).toMatchObject({ outcome: "unverified" });
  expect(slack.requests.map(({ path }) => path)).toEqual(["/api/chat.postMessage"]);
  expect(JSON.parse(slack.requests[0]?.body ?? "{}")).toMatchObject({ channel: "#ops", text });
  const [done] = eventsOf(made.engine.store.runLog.read(runId), "tool.completed");
  expect(done).toMatchObject({ isError: false, content: "Sent to #ops (message 1.2)." });
});

test("a message whose sender was killed in the middle is not sent again", async () => {
  const { slack, folder } = await office();
  const first = testEngine({}, folder, env);
  const runId = await approved(first);
  await first.engine.close();

  slack.behave("silent");
  const sender = startCli(["resume", runId], { cwd: folder, env });
  await expect.poll(() => slack.seen, { timeout: 15_000 }).toBe(1);
  sender.child.kill("SIGKILL");
  await sender.ended;

  slack.behave("well");
  const made = opened(folder);
  // The yes was for the message that may be out. Nobody is asked again, for it is not sent again.
  expect(await made.engine.runs.resume(runId)).toMatchObject({ outcome: "unverified" });
  expect(made.engine.store.approvals.list({ state: "pending" })).toEqual([]);
  expect(slack.seen).toBe(1);
  const [done] = eventsOf(made.engine.store.runLog.read(runId), "tool.completed");
  expect(done).toMatchObject({ error: { code: "boundary.outcome_unknown" } });
}, 30_000);

describe("agent33 policy explain", () => {
  test.each([
    ["default", "ask", "default/messages-ask"],
    ["messaging-outbound", "ask", "default/messages-ask"],
  ])("says that under %s a message is a question", async (pack, effect, ruleId) => {
    const words = ["policy", "explain", "messaging:team", "--operation", "message.send"];
    const facts = ["--effect", "write", "--host", "slack.com", "--policy", pack, "--json"];
    const { code, stdout } = await runInProcess([...words, ...facts], freshFolder());
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ decision: { effect, ruleId } });
  });
});
