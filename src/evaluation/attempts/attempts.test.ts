import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { grantTests } from "../../../test/support/egress.ts";
import { Agent33Error, isAgent33Error } from "../../base/errors.ts";
import { loadTask } from "../tasks/load-task.ts";
import type { TaskEnvironment } from "../environments/environment.ts";
import type { Task } from "../tasks/task.ts";
import type { AttemptRequest } from "./attempt.ts";
import { systemClock } from "../../base/clock.ts";
import { createProcesses } from "../../sandbox/process.ts";
import { createHostDriver } from "../environments/host/driver.ts";
import { commandAgent } from "./command.ts";
import { nopAgent } from "./nop.ts";
import { oracleAgent } from "./oracle.ts";

grantTests("runs agents", { spawn: true });

const processes = createProcesses();
const driver = createHostDriver({
  spawn: processes.spawn,
  clock: systemClock,
  env: { PATH: [dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter) },
});
const never = new AbortController().signal;
let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agent33-attempts-"));
  await mkdir(join(root, "logs"));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

async function request(
  files: Readonly<Record<string, string>> = {},
  more: Partial<AttemptRequest> = {},
): Promise<AttemptRequest> {
  const dir = join(root, "letters");
  const whole = {
    "task.toml": "",
    "instruction.md": "Sort the letters.\n",
    "tests/test.sh": "true",
    ...files,
  };
  for (const [path, text] of Object.entries(whole)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
  const task = await loadTask(dir);
  return {
    task,
    instruction: task.steps[0].instruction,
    solution: task.steps[0].solution,
    environment: await environmentOf(task),
    model: undefined,
    effort: undefined,
    skills: "none",
    repetition: 1,
    logs: join(root, "logs"),
    timeoutMs: 10_000,
    signal: new AbortController().signal,
    ...more,
  };
}

async function environmentOf(task: Task): Promise<TaskEnvironment> {
  const dir = join(root, "trial");
  await rm(dir, { recursive: true, force: true });
  const prepared = await driver.prepare(task, never);
  return prepared.start({ dir, withSkills: false, signal: never });
}

const log = (name: string) => readFile(join(root, "logs", name), "utf8");
const left = (name: string) => readFile(join(root, "trial", "workspace", name), "utf8");

/** The code of what is thrown. */
async function codeOf(work: Promise<unknown>): Promise<string> {
  const thrown: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  return isAgent33Error(thrown) ? thrown.code : String(thrown);
}

describe("the agent that does nothing", () => {
  test("leaves nothing", async () => {
    expect(await nopAgent.work(await request())).toEqual({
      costMicroUsd: null,
      tokens: null,
      artefacts: [],
    });
  });
});

describe("the oracle", () => {
  test("runs the solution in the task's folder, with the files beside it and its variables", async () => {
    const asked = await request({
      "task.toml": '[solution.env]\nWORD = "${GIVEN}"\nOTHER = "${ABSENT:-usual}"\n',
      "solution/solve.sh":
        'cp "$(dirname "$0")/answer.txt" "$AGENT33_APP_DIR"/; cat "$AGENT33_SOLUTION_DIR/answer.txt"; echo "$WORD $OTHER" > words.txt',
      "solution/answer.txt": "drawer 3\n",
    });
    const result = await oracleAgent({ GIVEN: "here" }).work(asked);
    expect(await left("answer.txt")).toBe("drawer 3\n");
    expect(await left("words.txt")).toBe("here usual\n");
    expect(await log("oracle.txt")).toBe("drawer 3\n");
    expect(result.error).toBeUndefined();
    expect(result.artefacts.map(({ path }) => path)).toEqual(["oracle.txt", "exit-code.txt"]);
  });

  test("keeps the exit code and does not hold it against the solution", async () => {
    const asked = await request({ "solution/solve.sh": "exit 7" });
    expect((await oracleAgent({}).work(asked)).error).toBeUndefined();
    expect(await log("exit-code.txt")).toBe("7\n");
  });

  test("cannot change the task's own solution", async () => {
    const asked = await request({ "solution/solve.sh": 'rm "$AGENT33_SOLUTION_DIR"/*' });
    await oracleAgent({}).work(asked);
    expect((await loadTask(asked.task.dir)).steps[0].solution).toBeDefined();
  });

  test("is an error of the infrastructure where there is no solution or a variable of it is missing", async () => {
    expect(await codeOf(oracleAgent({}).work(await request()))).toBe("evaluation.solution_missing");
    const asked = await request({
      "task.toml": '[solution.env]\nWORD = "${GIVEN}"\n',
      "solution/solve.sh": "true",
    });
    expect(await codeOf(oracleAgent({}).work(asked))).toBe("evaluation.solution_env_missing");
  });
});

describe("a command as an agent", () => {
  const script = (line: string) => commandAgent({ name: "script", line: `bash -c '${line}'` });

  test("is told its task by a placeholder, a variable and a file, and which repetition it is", async () => {
    const agent = commandAgent({
      name: "script",
      line: `bash -c 'echo "$1"; echo "$AGENT33_INSTRUCTION"; cat "$AGENT33_INSTRUCTION_FILE"; echo "$AGENT33_REPETITION $AGENT33_MODEL $AGENT33_EFFORT"' sh "<{instruction}>"`,
    });
    const asked = await request({}, { repetition: 4, model: "m:1", effort: "low" });
    expect((await agent.work(asked)).error).toBeUndefined();
    expect(await log("output.txt")).toBe(
      "<Sort the letters.\n>\nSort the letters.\n\nSort the letters.\n4 m:1 low\n",
    );
  });

  test("does not read an instruction as words of the shell or of the placeholder", async () => {
    const instruction = "a $(touch stolen) `id` $& {instruction} '\"";
    const agent = commandAgent({ name: "script", line: "printf %s {instruction}" });
    await agent.work(await request({}, { instruction }));
    expect(await log("output.txt")).toBe(instruction);
  });

  test("gets an instruction that is too long for a variable by its file", async () => {
    const instruction = "x".repeat(200_000);
    const agent = script('echo "${AGENT33_INSTRUCTION-none}"; wc -c < "$AGENT33_INSTRUCTION_FILE"');
    await agent.work(await request({}, { instruction }));
    expect(await log("output.txt")).toBe("none\n200000\n");
  });

  test("has the task's skills only where it is to have them", async () => {
    const agent = script(
      'cat "${AGENT33_SKILLS-/nowhere}/sorting/SKILL.md" 2>/dev/null || echo none',
    );
    const files = { "environment/skills/sorting/SKILL.md": "Bills go left.\n" };
    await agent.work(await request(files, { skills: "own" }));
    expect(await log("output.txt")).toBe("Bills go left.\n");
    await rm(join(root, "logs", "output.txt"));
    await agent.work(await request(files, { skills: "none" }));
    expect(await log("output.txt")).toBe("none\n");
  });

  test("is held to its exit code", async () => {
    const result = await script("echo half > done.txt; echo oh; exit 3").work(await request());
    expect(result.error).toMatchObject({ code: "evaluation.agent_failed" });
    expect(result.error?.message).toContain("3");
    expect(await left("done.txt")).toBe("half\n");
    expect(await log("output.txt")).toBe("oh\n");
  });

  test("is ended when its time is over, and what it left stays", async () => {
    const asked = await request({}, { timeoutMs: 300 });
    const result = await script("echo half > done.txt; sleep 60").work(asked);
    expect(result.error).toMatchObject({ code: "evaluation.agent_timeout" });
    expect(await left("done.txt")).toBe("half\n");
    expect(await log("exit-code.txt")).toBe("timeout\n");
  });

  test("is ended when it uses more than it may", async () => {
    const over = new AbortController();
    const asked = await request();
    const environment = { ...asked.environment, overrun: over.signal };
    const working = script("sleep 60").work({ ...asked, environment });
    over.abort(new Agent33Error("evaluation.storage_exceeded", "Too much was written."));
    expect((await working).error).toMatchObject({ code: "evaluation.storage_exceeded" });
  });

  test("has no result when the trial is cancelled or there is no such program", async () => {
    const signal = AbortSignal.abort();
    expect(await codeOf(script("true").work(await request({}, { signal })))).toBe(
      "evaluation.trial_cancelled",
    );
    const nobody = commandAgent({ name: "nobody", line: "no-such-program-33" });
    expect(await codeOf(nobody.work(await request()))).toBe("evaluation.agent_not_started");
  });

  test("refuses a line that needs a shell, and has another digest for another line", () => {
    expect(() => commandAgent({ name: "x", line: "a | b" })).toThrow("shell operator");
    const digest = (line: string) => commandAgent({ name: "x", line }).digests["command"];
    expect(digest("a  b")).toBe(digest("a b"));
    expect(digest("a 'b c'")).not.toBe(digest("a b c"));
  });
});
