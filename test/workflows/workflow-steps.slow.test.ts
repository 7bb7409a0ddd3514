import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testGrant } from "../support/egress.ts";
import { type GitHubServer, startGitHub } from "../support/github-server.ts";
import { releaseFiles, scratchRepository } from "../support/scratch-repository.ts";
import { tasksIn } from "../support/tasks.ts";
import { temporaryFolder } from "../support/temporary.ts";
import { actionSteps, type Step, workflowFiles } from "./read-workflows.ts";

const grant = testGrant("runs the command lines of workflows", { spawn: true });

const project = join(import.meta.dirname, "../..");
const worker = { kind: "command", name: "worker", line: 'sh -c "echo yes > done"' };
const gate = { tags: ["smoke"], agents: [worker], environment: "host" };
const thresholds = [{ metric: "success_rate", at_least: 1, action: "block" }];
const gates = {
  version: 1,
  tasks: [{ path: "tasks/one", tags: ["smoke"], owner: "ada" }],
  gates: Object.fromEntries(
    ["pull-request", "merge", "release"].map((name) => [name, { ...gate, thresholds }]),
  ),
};
const surface = {
  version: 1,
  probes: [
    {
      id: "talks",
      promise: "It talks.",
      owner: "ada",
      paths: ["*"],
      run: ["node", "-p", '"{\\"said\\":1}"'],
      expect: { output: [{ at: "/said", equals: 1 }] },
    },
  ],
};

/** A repository as small as can be that has what this one's workflows ask for, on a branch. */
function scratch() {
  const repository = scratchRepository();
  const { folder, git, commit } = repository;
  tasksIn(folder, { one: {} });
  const files = releaseFiles(["a"]);
  commit("Checks", {
    ...files,
    ".gitignore": `${files[".gitignore"]}.smoke-green\n`,
    "agent33.release.yaml": "groups:\n  core: { run: [node, run.mjs], report: out/unit.xml }\n",
    "agent33.gates.yaml": JSON.stringify(gates),
    "agent33.surface.yaml": JSON.stringify(surface),
    "bin/agent33.js": `await import(${JSON.stringify(join(project, "bin/agent33.js"))});\n`,
  });
  const base = git("rev-parse", "HEAD").trim();
  git("update-ref", "refs/remotes/origin/main", base);
  git("checkout", "-q", "-b", "change");
  commit("More", { "checks.txt": "a\nb\n" });
  return { ...repository, base };
}

/** What cannot or need not run here: it changes the machine, or brings what is there already. */
const leftOut = (run: string): boolean => run.startsWith("npm ci") || run.startsWith("sudo ");

interface Ended {
  readonly run: string;
  readonly code: number;
  readonly said: string;
}

/** Runs the steps as GitHub's runner does on Linux: `bash -e`, each in its own process. */
function runSteps(
  steps: readonly Step[],
  cwd: string,
  given: Readonly<Record<string, string>>,
  expressions: Readonly<Record<string, string>> = {},
): readonly Ended[] {
  const temp = temporaryFolder("runner");
  mkdirSync(join(temp, "home"));
  const base = {
    PATH: `${join(process.execPath, "..")}:${process.env["PATH"] ?? ""}`,
    HOME: join(temp, "home"),
    RUNNER_TEMP: temp,
    GITHUB_STEP_SUMMARY: join(temp, "summary.md"),
    GITHUB_OUTPUT: join(temp, "output"),
    ...given,
  };
  return steps.flatMap(({ run, env }) => {
    if (run === undefined || leftOut(run)) return [];
    const own = Object.entries(env).map(([name, value]) => {
      const known = expressions[value];
      if (known === undefined) throw new Error(`No value for ${value}: name it in the test.`);
      return [name, known];
    });
    const all = { ...base, ...Object.fromEntries(own) };
    return [{ run, ...shell(run, cwd, all) }];
  });
}

function shell(run: string, cwd: string, env: Record<string, string>): Omit<Ended, "run"> {
  return grant.run(() => {
    try {
      const said = execFileSync("bash", ["-e", "-o", "pipefail", "-c", run], {
        cwd,
        env,
        encoding: "utf8",
        stdio: "pipe",
      });
      return { code: 0, said };
    } catch (error) {
      const { status, stdout, stderr } = error as {
        status: number;
        stdout: string;
        stderr: string;
      };
      return { code: status, said: stdout + stderr };
    }
  });
}

const stepsOf = (name: string): readonly Step[] =>
  workflowFiles().find((file) => file.name === name)?.steps ?? [];
const failed = (ended: readonly Ended[]) => ended.filter(({ code }) => code !== 0);

describe("every command line of the workflows does what it says", () => {
  test("pull-request.yml", () => {
    const { folder } = scratch();
    const ended = runSteps(stepsOf("pull-request.yml"), folder, { GITHUB_BASE_REF: "main" });
    expect(failed(ended)).toEqual([]);
    expect(ended).toHaveLength(5);
  }, 120_000);

  test("merge-gate.yml", () => {
    const { folder, base } = scratch();
    const sha = { "${{ github.event.merge_group.base_sha }}": base };
    const ended = runSteps(stepsOf("merge-gate.yml"), folder, {}, sha);
    expect(failed(ended)).toEqual([]);
    expect(ended).toHaveLength(3);
  }, 120_000);

  test("release.yml, of the first tag and of the next", () => {
    const { folder, git, commit } = scratch();
    git("tag", "v0.1.0");
    const ended = runSteps(stepsOf("release.yml"), folder, {});
    expect(failed(ended)).toEqual([]);
    expect(ended).toHaveLength(5);
    commit("Next", { "checks.txt": "a\nb\nc\n" });
    git("tag", "v0.2.0");
    const next = runSteps(stepsOf("release.yml"), folder, {});
    expect(failed(next)).toEqual([]);
    const said = next.map((one) => one.said).join("");
    expect(said).toContain(git("rev-parse", "HEAD").trim().slice(0, 12));
  }, 240_000);

  test("post-merge-smoke.yml, green and then not", () => {
    const { folder, commit } = scratch();
    const steps = stepsOf("post-merge-smoke.yml");
    const ended = runSteps(steps, folder, {});
    expect(failed(ended)).toEqual([]);
    expect(ended).toHaveLength(3);
    expect(readFileSync(join(folder, ".smoke-green"), "utf8")).toMatch(/^[0-9a-f]{40}/);
    commit("Break", { "checks.txt": "a fail\n" });
    expect(failed(runSteps(steps, folder, {})).map(({ code }) => code)).toEqual([2]);
  }, 120_000);
});

describe("merge-sequence.yml by its Action", () => {
  let github: GitHubServer;
  beforeAll(async () => {
    github = await startGitHub();
  });
  afterAll(() => github.close());

  test("uses the Action that is here", () => {
    const used = stepsOf("merge-sequence.yml").flatMap(({ uses }) => uses ?? []);
    expect(used).toContain("./.github/actions/sequence-guard");
    expect(readdirSync(join(project, ".github/actions"))).toEqual(["sequence-guard"]);
  });

  // The loopback server answers in this process: the command line is started without waiting for it.
  test.each([
    [["sequence:1"], 0, "verdict=pass"],
    [["sequence:2"], 2, "verdict=refused"],
  ] as const)(
    "a pull request with %s ends with %s",
    async (labels, code, output) => {
      const { folder } = scratch();
      github.set([{ number: 7, labels }]);
      const event = join(folder, ".git/event.json");
      writeFileSync(event, JSON.stringify({ pull_request: { number: 7 } }));
      const ended = await guard(folder, event);
      expect(ended.code, ended.said).toBe(code);
      expect(readFileSync(join(folder, ".git/output"), "utf8")).toContain(output);
    },
    60_000,
  );

  async function guard(folder: string, event: string): Promise<Omit<Ended, "run">> {
    const run = actionSteps("sequence-guard").at(-1)?.run ?? "";
    const child = grant.run(() =>
      spawn("bash", ["-e", "-o", "pipefail", "-c", run], {
        cwd: folder,
        env: {
          PATH: `${join(process.execPath, "..")}:${process.env["PATH"] ?? ""}`,
          HOME: join(folder, ".git"),
          RUNNER_TEMP: join(folder, ".git"),
          GITHUB_ACTION_PATH: join(project, ".github/actions/sequence-guard"),
          GITHUB_TOKEN: "t",
          GITHUB_REPOSITORY: "o/r",
          GITHUB_EVENT_NAME: "pull_request",
          GITHUB_EVENT_PATH: event,
          GITHUB_OUTPUT: join(folder, ".git/output"),
          GUARD_API_URL: github.apiUrl,
        },
      }),
    );
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const code = await new Promise<number>((done) => child.on("close", (end) => done(end ?? -1)));
    return { code, said };
  }
});
