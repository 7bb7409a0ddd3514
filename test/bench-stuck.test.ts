import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { readTrajectories, withoutPeople } from "../bench/stuck/trajectories.ts";
import { grantTests } from "./support/egress.ts";
import { temporaryFolder } from "./support/temporary.ts";

grantTests("runs the benchmark as its own process", { spawn: true });

const asks = (id: string, name: string, words: string) => ({
  role: "assistant",
  content: null,
  tool_calls: [{ id, type: "function", function: { name, arguments: words } }],
});
const answers = (id: string, content: string) => ({ role: "tool", tool_call_id: id, content });
const says = (content: string) => ({ role: "user", content });

/** A folder with two runs: one that goes well, one that asks the same eight times. */
function smallFolder(): string {
  const folder = temporaryFolder("bench");
  mkdirSync(join(folder, "trajectories"));
  const good = [
    { role: "system", content: "rules" },
    says("Find my booking."),
    asks("1", "get_user_details", '{"user_id":"u"}'),
    answers("1", "Error: user not found"),
    { role: "assistant", content: "Who are you?" },
    says("v"),
    asks("2", "get_user_details", '{"user_id":"v"}'),
    answers("2", "{}"),
  ];
  const circling = Array.from({ length: 8 }, (_none, index) => [
    asks(`${index}`, "cancel_reservation", '{"id":"x"}'),
    answers(`${index}`, "ok"),
  ]).flat();
  const runs = [
    { task_id: 1, trial: 0, reward: 1, traj: good },
    { task_id: 2, trial: 1, reward: 0, traj: [says("Go."), ...circling] },
  ];
  writeFileSync(join(folder, "trajectories/gpt-4o-airline.json"), JSON.stringify(runs));
  return folder;
}

describe("the runs of the benchmark", () => {
  test("become turns, with what a person said before them and what their calls came to", () => {
    const [good] = readTrajectories(smallFolder());
    const call = { tool: "get_user_details", isError: false };
    expect(good).toMatchObject({ name: "task 1 trial 0", reward: 1 });
    expect(good?.turns).toEqual([
      {
        said: "Find my booking.",
        calls: [
          {
            ...call,
            argumentsText: '{"user_id":"u"}',
            content: "Error: user not found",
            isError: true,
          },
        ],
      },
      { calls: [] },
      { said: "v", calls: [{ ...call, argumentsText: '{"user_id":"v"}', content: "{}" }] },
    ]);
    expect(withoutPeople(good?.turns ?? []).map(({ said, calls }) => [said, calls.length])).toEqual(
      [
        [undefined, 1],
        [undefined, 1],
      ],
    );
  });

  test.each([[undefined], ["/no/such/folder"]])("say where they belong when at %s", (folder) => {
    expect(() => readTrajectories(folder)).toThrow(
      expect.objectContaining({ code: "bench.no_data" }),
    );
  });

  test("are counted by their reward, and planted loops by their kind", {
    timeout: 60_000,
  }, async () => {
    const main = join(import.meta.dirname, "..", "bench", "main.ts");
    const words = [main, "stuck", "--quick", "--rounds", "1", "--json"];
    const env = { ...process.env, AGENT33_BENCH_DATA: smallFolder() };
    const { stdout } = await promisify(execFile)(process.execPath, words, { env });
    const report = JSON.parse(stdout) as {
      tables: { rows: { name: string; figures: Record<string, number> }[] }[];
      notes: string[];
    };
    const [asLogged, , planted] = report.tables;
    expect(asLogged?.rows.map(({ figures }) => [figures["runs"], figures["stopped"]])).toEqual([
      [1, 0],
      [1, 1],
    ]);
    expect(report.notes[0]).toContain("task 2 trial 1 (reward 0): repeat of 3 before turn 4");
    expect(report.notes[0]).toContain("stopped before turn 7");
    expect(planted?.rows).toHaveLength(7);
    for (const { figures } of planted?.rows ?? []) {
      expect(figures).toMatchObject({ loops: 50, stopped: 100 });
    }
  });
});
