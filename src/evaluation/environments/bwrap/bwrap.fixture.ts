import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { testGrant } from "../../../../test/support/egress.ts";
import { systemClock } from "../../../base/clock.ts";
import { createProcesses } from "../../../sandbox/process.ts";
import { loadTask } from "../../tasks/load-task.ts";
import type { PreparedTask, TaskEnvironment } from "../environment.ts";
import { type Verification, verdictOf } from "../verdict.ts";
import { type BwrapDriverOptions, createBwrapDriver } from "./driver.ts";

export const never = new AbortController().signal;
export const processes = createProcesses();
const testLimitMs = 60_000;

/** A folder for tasks, a cache and trials of one test file. */
export interface Bench {
  readonly dir: string;
  /** A task of these files; `tests/test.sh` is its verifier. */
  prepare(files: Readonly<Record<string, string>>): Promise<PreparedTask>;
  /** A trial of the task that was prepared last. */
  begin(prepared: PreparedTask, withSkills?: boolean): Promise<TaskEnvironment>;
  /** Runs the hidden tests of the task that was prepared last. */
  verdict(environment: TaskEnvironment): Promise<Verification>;
  /** The output of a shell script inside, and how it ended. */
  sh(environment: TaskEnvironment, script: string): Promise<string>;
  /** Does something before the tests, under a grant of its own. */
  setUp<Value>(work: () => Promise<Value>): Promise<Value>;
  remove(): void;
}

const grant = testGrant("makes an image before the tests", { spawn: true });

export function createBench(options: Partial<BwrapDriverOptions> = {}): Bench {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "agent33-bwrap-")));
  // Root runs trials as somebody else, who must get here.
  chmodSync(dir, 0o755);
  const cacheDir = join(dir, "cache");
  const driver = createBwrapDriver({
    spawn: processes.spawn,
    clock: systemClock,
    cacheDir,
    ...options,
  });
  let made = 0;
  let tests = "";
  const folder = (name: string): string => {
    made += 1;
    const path = join(dir, `${name}-${made}`);
    mkdirSync(path);
    return path;
  };
  return {
    dir,
    prepare: async (files) => {
      const task = folder("task");
      const all = { "task.toml": "", "instruction.md": "x", "tests/test.sh": "", ...files };
      for (const [name, text] of Object.entries(all)) {
        mkdirSync(dirname(join(task, name)), { recursive: true });
        writeFileSync(join(task, name), text);
      }
      tests = join(task, "tests");
      return driver.prepare(await loadTask(task), never);
    },
    begin: (prepared, withSkills = false) =>
      prepared.start({ dir: folder("trial"), withSkills, signal: never }),
    verdict: async (environment) => {
      const logs = folder("logs");
      const request = { tests, logs, env: {}, timeoutMs: testLimitMs };
      return verdictOf(await environment.judge(request), logs, testLimitMs);
    },
    sh: async (environment, script) => {
      const command = ["sh", "-c", script] as const;
      const { output } = await environment.run({ command, timeoutMs: testLimitMs });
      return output;
    },
    setUp: (work) => grant.run(work),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
