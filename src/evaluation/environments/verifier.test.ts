import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { grantTests } from "../../../test/support/egress.ts";
import { systemClock } from "../../base/clock.ts";
import { createProcesses } from "../../sandbox/process.ts";
import { loadTask } from "../tasks/load-task.ts";
import { verify, type VerifyOptions } from "./verifier.ts";

grantTests("runs verifiers", { spawn: true });

const processes = createProcesses();
const path = [dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter);
let root: string;
let workspace: string;
let logsDir: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agent33-verify-"));
  workspace = join(root, "workspace");
  logsDir = join(root, "logs");
  await mkdir(workspace);
});
afterEach(async () => {
  expect(processes.live()).toEqual([]);
  await rm(root, { recursive: true, force: true });
});

/** A task whose tests are this script. */
async function taskWith(script: string, toml = "") {
  const dir = join(root, "task");
  await mkdir(join(dir, "tests"), { recursive: true });
  await writeFile(join(dir, "task.toml"), toml);
  await writeFile(join(dir, "instruction.md"), "Do it.");
  await writeFile(join(dir, "tests", "test.sh"), script);
  return loadTask(dir);
}

const options = (more: Partial<VerifyOptions> = {}): VerifyOptions => ({
  workspace,
  logsDir,
  spawn: processes.spawn,
  env: { PATH: path },
  clock: systemClock,
  ...more,
});

const run = async (script: string, toml?: string, more?: Partial<VerifyOptions>) =>
  verify(await taskWith(script, toml), options(more));

const give = (file: string, text: string) =>
  `printf '%s' '${text}' > "$AGENT33_LOGS_DIR/${file}"\n`;

describe("a verdict", () => {
  // Each row: what the tests write, the reward, whether it passes.
  const verdicts: [string, string, number, boolean][] = [
    ["1 in reward.txt", give("reward.txt", "1"), 1, true],
    ["1.000 and a line end", give("reward.txt", "1.000\n"), 1, true],
    ["0", give("reward.txt", "0"), 0, false],
    ["a fraction, which does not pass", give("reward.txt", "0.857"), 0.857, false],
    ["a reward below zero", give("reward.txt", "-1"), -1, false],
    ["reward.json", give("reward.json", '{"reward": 1}'), 1, true],
    [
      "reward.json before reward.txt",
      give("reward.json", '{"reward": 0}') + give("reward.txt", "1"),
      0,
      false,
    ],
    [
      "reward.txt where reward.json has no reward",
      give("reward.json", '{"speed": 3}') + give("reward.txt", "1"),
      1,
      true,
    ],
    ["a verdict whatever the exit code", `${give("reward.txt", "1")}exit 9`, 1, true],
  ];
  test.each(verdicts)("is read from %s", async (_what, script, reward, passed) => {
    const result = await run(script);
    expect(result).toMatchObject({ reward, passed });
    expect(result.error).toBeUndefined();
  });

  test("keeps every number of reward.json and drops what is none", async () => {
    const result = await run(
      give("reward.json", '{"reward": 1, "style": 0.5, "ok": true, "note": "x"}'),
    );
    expect(result.rewards).toEqual({ reward: 1, style: 0.5 });
  });

  // Each row: what the tests write, the code.
  const faults: [string, string, string][] = [
    ["nothing is written", "echo no verdict", "evaluation.reward_missing"],
    ["reward.txt is empty", give("reward.txt", ""), "evaluation.reward_unparsable"],
    ["reward.txt holds words", give("reward.txt", "passed"), "evaluation.reward_unparsable"],
    [
      "reward.txt holds no finite number",
      give("reward.txt", "NaN"),
      "evaluation.reward_unparsable",
    ],
    ["reward.json is no JSON", give("reward.json", "{"), "evaluation.reward_unparsable"],
    ["reward.json is a list", give("reward.json", "[1]"), "evaluation.reward_unparsable"],
    ["reward.json says yes", give("reward.json", '{"reward": true}'), "evaluation.reward_missing"],
    [
      "reward.txt is a folder",
      'mkdir "$AGENT33_LOGS_DIR/reward.txt"',
      "evaluation.reward_unparsable",
    ],
    [
      "reward.txt is a link",
      'echo 1 > r; ln -s "$PWD/r" "$AGENT33_LOGS_DIR/reward.txt"',
      "evaluation.reward_unparsable",
    ],
    [
      "reward.txt is huge",
      'head -c 100000 /dev/zero > "$AGENT33_LOGS_DIR/reward.txt"',
      "evaluation.reward_unparsable",
    ],
  ];
  test.each(faults)("is missing, not zero, when %s", async (_what, script, code) => {
    expect(await run(script)).toMatchObject({
      reward: null,
      passed: false,
      rewards: {},
      error: { code },
    });
  });

  test("that was there before the tests ran does not count", async () => {
    await mkdir(join(logsDir, "ctrf.json"), { recursive: true });
    await writeFile(join(logsDir, "reward.txt"), "1");
    await writeFile(join(logsDir, "reward.json"), '{"reward": 1}');
    await writeFile(join(logsDir, "other.log"), "kept");
    const result = await run("true");
    expect(result).toMatchObject({ reward: null, error: { code: "evaluation.reward_missing" } });
    expect(await readdir(logsDir)).toEqual(["other.log"]);
  });
});

describe("the verifier", () => {
  test("runs a copy of the tests outside the workspace, gives the folders, and takes the copy away", async () => {
    await writeFile(join(workspace, "out.txt"), "42");
    const result = await run(
      `cat out.txt; echo; echo "$AGENT33_APP_DIR"; echo "$AGENT33_TESTS_DIR"; ls "$AGENT33_TESTS_DIR"; ${give("reward.txt", "1")}`,
    );
    const [out, app, tests = "", file] = result.output.split("\n");
    expect([out, app, file]).toEqual(["42", workspace, "test.sh"]);
    expect(tests.startsWith(workspace)).toBe(false);
    expect(tests.startsWith(join(root, "task"))).toBe(false);
    await expect(stat(tests)).rejects.toMatchObject({ code: "ENOENT" });
    expect(await readdir(workspace)).toEqual(["out.txt"]);
  });

  test("cannot change the task's own tests", async () => {
    const task = await taskWith(
      `echo hacked > "$AGENT33_TESTS_DIR/test.sh"; ${give("reward.txt", "1")}`,
    );
    await verify(task, options());
    expect(await readFile(join(task.steps[0].verifier.dirs[0], "test.sh"), "utf8")).not.toBe(
      "hacked\n",
    );
  });

  test("sees the given environment and the task's variables, and nothing else", async () => {
    const toml = '[verifier.env]\nA = "${GIVEN}"\nB = "${NONE:-fallback}"\nC = "plain"\n';
    const result = await run(`echo "$A $B $C $HOME"; ${give("reward.txt", "1")}`, toml, {
      env: { PATH: path, GIVEN: "here" },
    });
    expect(result.output).toBe("here fallback plain \n");
  });

  test("says which variable of the task is not there", async () => {
    const result = await run(give("reward.txt", "1"), '[verifier.env]\nKEY = "${SECRET_KEY}"\n');
    expect(result.error).toMatchObject({ code: "evaluation.verifier_env_missing" });
    expect(result.error?.message).toContain("SECRET_KEY");
  });

  test("ends the tests at the task's time limit and ignores what they wrote", async () => {
    const started = systemClock.monotonic();
    const result = await run(
      `${give("reward.txt", "1")}sleep 30`,
      "[verifier]\ntimeout_sec = 0.3\n",
    );
    expect(result).toMatchObject({ reward: null, error: { code: "evaluation.verifier_timeout" } });
    expect(systemClock.monotonic() - started).toBeLessThan(10_000);
  });

  test("ends the tests when it is cancelled", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 100);
    const result = await run("sleep 30", "", { signal: controller.signal });
    expect(result).toMatchObject({
      reward: null,
      error: { code: "evaluation.verifier_cancelled" },
    });
  });

  test("falls back to sh where there is no bash", async () => {
    const bin = join(root, "bin");
    await mkdir(bin);
    await writeFile(join(bin, "sh"), '#!/bin/sh\necho from sh\n. "$1"\n');
    await chmod(join(bin, "sh"), 0o755);
    const result = await run(give("reward.txt", "1"), "", { env: { PATH: bin } });
    expect(result).toMatchObject({ reward: 1, output: "from sh\n" });
  });

  test("says when there is no shell at all", async () => {
    const result = await run(give("reward.txt", "1"), "", { env: { PATH: "/nowhere" } });
    expect(result).toMatchObject({
      reward: null,
      error: { code: "evaluation.verifier_not_started" },
    });
  });

  test("refuses a logs folder where the agent can write", async () => {
    const inside = join(workspace, "logs");
    await expect(run("true", "", { logsDir: inside })).rejects.toMatchObject({
      code: "evaluation.logs_inside_workspace",
    });
  });

  test("reports tests that cannot be prepared as a fault of the machinery", async () => {
    await writeFile(logsDir, "a file in the folder's place");
    expect(await run(give("reward.txt", "1"))).toMatchObject({
      reward: null,
      error: { code: "evaluation.verifier_failed" },
    });
  });
});
