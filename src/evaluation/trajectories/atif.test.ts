import { describe, expect, test } from "vitest";
import { readTrajectory } from "./atif.ts";

/** A small trajectory that holds to all rules. */
function trajectory(given: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    schema_version: "ATIF-v1.7",
    agent: { name: "x", version: "1" },
    steps: [
      { step_id: 1, source: "user", message: "Do it.", timestamp: "2026-01-02T03:04:05Z" },
      {
        step_id: 2,
        source: "agent",
        message: [{ type: "text", text: "Done." }],
        tool_calls: [{ tool_call_id: "a", function_name: "f", arguments: {} }],
        observation: { results: [{ source_call_id: "a", content: "ok" }] },
        metrics: { prompt_tokens: 3, cost_usd: 0.1 },
        llm_call_count: null,
      },
    ],
    ...given,
  };
}

const step = (given: Record<string, unknown>) =>
  trajectory({ steps: [{ step_id: 1, source: "agent", message: "", ...given }] });
const child = (id?: string) => trajectory(id === undefined ? {} : { trajectory_id: id });

describe("a trajectory", () => {
  test("that holds to the rules is read as it is", () => {
    const good = trajectory({ subagent_trajectories: [child("a"), child("b")] });
    expect(readTrajectory(good, "t.json")).toEqual(good);
  });

  test.each([
    ["an unknown field", trajectory({ hello: 1 })],
    ["an unknown field of a step", step({ hello: 1 })],
    ["an unknown version", trajectory({ schema_version: "ATIF-v2.0" })],
    ["no version", trajectory({ schema_version: undefined })],
    ["no steps", trajectory({ steps: [] })],
    ["steps that do not count from 1", step({ step_id: 2 })],
    ["an agent without a version", trajectory({ agent: { name: "x" } })],
    ["a time that is none", step({ timestamp: "yesterday" })],
    ["a model's name in a step of the user", step({ source: "user", model_name: "m" })],
    ["calls in a step of the system", step({ source: "system", tool_calls: [] })],
    ["metrics where no model was asked", step({ llm_call_count: 0, metrics: {} })],
    ["a result of no call", step({ observation: { results: [{ source_call_id: "z" }] } })],
    [
      "a reference that leads nowhere",
      step({ observation: { results: [{ subagent_trajectory_ref: [{ session_id: "s" }] }] } }),
    ],
    [
      "a picture with words",
      step({
        message: [{ type: "image", text: "x", source: { media_type: "image/png", path: "p" } }],
      }),
    ],
    [
      "a picture of another kind",
      step({ message: [{ type: "image", source: { media_type: "image/svg+xml", path: "p" } }] }),
    ],
    ["an embedded one without a name", trajectory({ subagent_trajectories: [child()] })],
    [
      "two embedded ones of one name",
      trajectory({ subagent_trajectories: [child("a"), child("a")] }),
    ],
    ["tokens that are no number", step({ metrics: { prompt_tokens: "3" } })],
    ["something else", []],
  ])("with %s is refused", (_name, value) => {
    expect(() => readTrajectory(value, "t.json")).toThrow(
      expect.objectContaining({ code: "evaluation.trajectory_malformed" }),
    );
  });

  test("names every place that breaks a rule", () => {
    const bad = trajectory({ hello: 1, agent: { name: "x" } });
    expect(() => readTrajectory(bad, "t.json")).toThrow(/t\.json .*\(and 1 more\)/);
  });

  test("nested without an end is refused, and not followed", () => {
    let nested = trajectory({ trajectory_id: "x" });
    for (let depth = 0; depth < 5_000; depth += 1) {
      nested = trajectory({ trajectory_id: "x", subagent_trajectories: [nested] });
    }
    expect(() => readTrajectory(nested, "t.json")).toThrow(/nested over 50 deep/);
  });
});
