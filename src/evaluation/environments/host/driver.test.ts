import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { grantTests } from "../../../../test/support/egress.ts";
import { systemClock } from "../../../base/clock.ts";
import { createProcesses } from "../../../sandbox/process.ts";
import { loadTask } from "../../tasks/load-task.ts";
import { verdictOf } from "../verdict.ts";
import { createHostDriver } from "./driver.ts";

grantTests("runs trials on the host", { spawn: true });

const processes = createProcesses();
const path = [dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter);
const driver = createHostDriver({
  spawn: processes.spawn,
  clock: systemClock,
  env: { PATH: path },
});
const never = new AbortController().signal;
let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agent33-host-"));
});
afterEach(async () => {
  expect(processes.live()).toEqual([]);
  await rm(root, { recursive: true, force: true });
});

async function write(name: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, name)), { recursive: true });
  await writeFile(join(root, name), text);
}

async function begin(testScript = "") {
  await write("task/task.toml", "");
  await write("task/instruction.md", "x");
  await write("task/tests/test.sh", testScript);
  await write(
    "task/environment/Dockerfile",
    "FROM scratch\nWORKDIR /app\nENV A=1\nCOPY in.txt .\n",
  );
  await write("task/environment/in.txt", "in");
  const prepared = await driver.prepare(await loadTask(join(root, "task")), never);
  const place = { dir: join(root, "trial"), withSkills: false, signal: never };
  return { prepared, environment: await prepared.start(place) };
}

const limits = { timeoutMs: 10_000 };

test("begins with the task's files, says what was not done, and removes them at the end", async () => {
  const { prepared, environment } = await begin();
  expect(prepared.notices).toContain(
    'Dockerfile: runs on this machine, not in the image "scratch"',
  );
  const said = await environment.run({ command: ["sh", "-c", "cat in.txt; echo $A"], ...limits });
  expect(said.output).toBe("in1\n");
  await environment.close();
  await environment.close();
  await expect(readFile(join(root, "trial/workspace/in.txt"))).rejects.toThrow("ENOENT");
});

test("puts and takes files within the trial's folder, and nothing by links that lead out", async () => {
  const { environment } = await begin();
  await write("solution/solve.sh", "echo solved > out.txt");
  await write("secret.txt", "secret");
  await environment.put(join(root, "solution"), environment.solutionDir);
  const solve = join(environment.solutionDir, "solve.sh");
  await environment.run({ command: ["sh", solve], ...limits, outputTo: join(root, "log.txt") });
  await symlink(join(root, "secret.txt"), join(environment.workdir, "stolen.txt"));
  expect(await environment.take(environment.workdir, join(root, "taken"))).toBe(true);
  expect(await readFile(join(root, "taken/out.txt"), "utf8")).toBe("solved\n");
  await expect(readFile(join(root, "taken/stolen.txt"))).rejects.toThrow("ENOENT");
  expect(await environment.take(join(environment.workdir, "none"), join(root, "no"))).toBe(false);
  await expect(environment.put(join(root, "solution"), root)).rejects.toMatchObject({
    code: "evaluation.place_refused",
  });
  await environment.close();
});

test("ends what still runs before it judges, and lets no verdict of before count", async () => {
  const { environment } = await begin('cat "$AGENT33_APP_DIR/in.txt" > "$AGENT33_LOGS_DIR/said"\n');
  const logs = join(root, "verifier");
  await write("verifier/reward.txt", "1");
  const asleep = environment.run({ command: ["sleep", "60"], timeoutMs: 60_000 });
  const request = { tests: join(root, "task/tests"), logs, env: {}, ...limits };
  const result = await environment.judge(request);
  expect((await asleep).end.kind).toBe("cancelled");
  expect(await readFile(join(logs, "said"), "utf8")).toBe("in");
  const verdict = await verdictOf(result, logs, limits.timeoutMs);
  expect(verdict.error?.code).toBe("evaluation.reward_missing");
  await environment.close();
});
