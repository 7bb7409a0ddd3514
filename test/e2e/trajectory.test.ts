import { afterEach, describe, expect, test } from "vitest";
import { atifOfLog } from "../../src/evaluation/trajectories/atif-of-log.ts";
import { readTrajectory } from "../../src/evaluation/trajectories/atif.ts";
import { type TestEngine, testEngine } from "../support/engine.ts";
import { handTo, runTeam } from "../support/team.ts";

const open: TestEngine[] = [];
afterEach(async () => {
  for (const made of open.splice(0)) await made.engine.close();
});

function office(): TestEngine {
  const made = testEngine();
  open.push(made);
  return made;
}

describe("a run's trajectory", () => {
  test("has a step for what was said and for each turn, with what its calls came to", async () => {
    const { runId, events } = await office().run([
      {
        text: "I look.",
        tool_calls: [
          { name: "append_line", arguments: { path: "notes.txt", line: "one" } },
          { name: "no_such_tool", arguments: {} },
        ],
      },
      { text: "Done." },
    ]);
    const trajectory = atifOfLog(events);
    expect(readTrajectory(JSON.parse(JSON.stringify(trajectory)), "again")).toEqual(trajectory);
    expect(trajectory).toMatchObject({
      schema_version: "ATIF-v1.7",
      session_id: runId,
      trajectory_id: runId,
      extra: { outcome: "unverified", stop: "done" },
    });
    const [asked, acted, done] = trajectory.steps;
    expect(trajectory.steps).toHaveLength(3);
    expect(asked).toMatchObject({ step_id: 1, source: "user", message: "Do it." });
    expect(acted).toMatchObject({ source: "agent", message: "I look.", llm_call_count: 1 });
    const ids = acted?.tool_calls?.map(({ tool_call_id: id }) => id) ?? [];
    expect(new Set(ids).size).toBe(2);
    const results = acted?.observation?.results ?? [];
    expect(results.map(({ source_call_id: id }) => id)).toEqual(ids);
    expect(results.map(({ extra }) => extra?.["is_error"])).toEqual([false, true]);
    expect(done).toMatchObject({ message: "Done." });
    const prompts = trajectory.steps.map(({ metrics }) => metrics?.prompt_tokens ?? 0);
    expect(trajectory.final_metrics).toMatchObject({
      total_prompt_tokens: prompts.reduce((a, b) => a + b),
      total_steps: 3,
    });
  });

  test("embeds those of the agents that work was handed to, where its calls lead to them", async () => {
    const { runId, events } = await runTeam(office(), {
      agents: { lead: { agents: ["scribe"] }, scribe: {} },
      turns: [{ text: "Go.", tool_calls: [handTo("scribe", "Write.")] }, { text: "All done." }],
      says: { scribe: [{ text: "Written." }] },
    });
    const trajectory = atifOfLog(events);
    const [embedded, ...others] = trajectory.subagent_trajectories ?? [];
    expect(others).toEqual([]);
    expect(embedded).toMatchObject({
      session_id: runId,
      trajectory_id: `${runId}/1.0`,
      agent: { name: "scribe", version: "1" },
    });
    expect(embedded?.steps.map(({ source, message }) => [source, message])).toEqual([
      ["user", expect.stringContaining("Write.")],
      ["agent", "Written."],
    ]);
    const refs = trajectory.steps.flatMap(
      ({ observation }) =>
        observation?.results.flatMap((one) => one.subagent_trajectory_ref ?? []) ?? [],
    );
    expect(refs).toEqual([{ trajectory_id: `${runId}/1.0` }]);
  });

  test("is refused of a log without a beginning", () => {
    expect(() => atifOfLog([])).toThrow(
      expect.objectContaining({ code: "evaluation.no_trajectory" }),
    );
  });
});
