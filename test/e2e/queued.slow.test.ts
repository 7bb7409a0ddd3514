import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { freshFolder, runInProcess } from "../support/cli.ts";
import { eventsOf, type ScriptedTurn, testEngine } from "../support/engine.ts";

/** A folder with a script and an agent, and its command line. */
function place(turns: readonly ScriptedTurn[]) {
  const cwd = freshFolder();
  writeFileSync(join(cwd, "turns.yaml"), stringify({ name: "t", turns }));
  const agent = { name: "a", version: "1", role: "r", instructions: "i" };
  writeFileSync(join(cwd, "agent.yaml"), stringify(agent));
  const model = ["--model", "scripted:turns.yaml"];
  return {
    cwd,
    say: (...words: readonly string[]) => runInProcess(words, cwd),
    queue: async (...words: readonly string[]) =>
      (await runInProcess([...words, ...model, "--queue"], cwd)).stdout.trim(),
  };
}

describe("a run that is queued", () => {
  test("is listed and shown as that until somebody takes it up", async () => {
    const { say, queue } = place([{ text: "Done." }]);
    const runId = await queue("run", "Do it.");
    const listed = async () => (await say("runs", "list")).stdout;
    expect(await listed()).toMatch(new RegExp(`${runId} .* queued `));
    const json = JSON.parse((await say("runs", "list", "--json")).stdout) as {
      readonly items: readonly unknown[];
    };
    expect(json.items).toMatchObject([{ id: runId, state: "queued", outcome: null }]);
    const shown = async () => (await say("runs", "show", runId)).stdout;
    expect(await shown()).toMatch(/^queued: .*agent33 work/m);
    await say("work", "--until-idle");
    expect(await listed()).toMatch(new RegExp(`${runId} .* unverified `));
    expect(await shown()).not.toContain("queued");
  });

  test("comes of `invoke --queue` too, in both forms", async () => {
    const { say, queue } = place([{ text: "Done." }]);
    for (const form of [[], ["--iterative"]]) {
      const runId = await queue("invoke", "./agent.yaml", "--input", '{"a":1}', ...form);
      expect(runId).toMatch(/^[0-9a-f-]{36}$/);
      expect((await say("runs", "list")).stdout).toMatch(new RegExp(`${runId} .* queued `));
      await say("work", "--until-idle");
      const { stdout } = await say("runs", "show", runId, "--json");
      expect(stdout).toContain('"type":"run.finished"');
      expect(stdout).toContain('"inputs":{"a":1}');
    }
  });

  test("hears what a person said meanwhile before its first turn", async () => {
    const { cwd, say, queue } = place([{ text: "Done." }, { text: "Done with that too." }]);
    const runId = await queue("run", "Do it.");
    const sent = await say("runs", "send", runId, "Only in red.");
    expect(sent.stdout).toContain("will read it when the run goes on");
    await say("runs", "send", runId, "And small.");
    await say("runs", "send", runId, "Thank you.", "--follow-up");
    await say("work", "--until-idle");
    const { engine } = testEngine({}, cwd);
    const events = engine.store.runLog.read(runId);
    await engine.close();
    const told = events.flatMap((event) =>
      event.type === "message.user"
        ? [event.text]
        : event.type === "turn.started"
          ? [`turn ${event.turn}`]
          : [],
    );
    expect(told).toEqual([
      "Do it.",
      "Only in red.",
      "And small.",
      "turn 1",
      "Thank you.",
      "turn 2",
    ]);
    expect(eventsOf(events, "message.undelivered")).toEqual([]);
  });
});
