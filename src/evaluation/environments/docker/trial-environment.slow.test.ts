import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { grantTests } from "../../../../test/support/egress.ts";
import { type Clock, systemClock } from "../../../base/clock.ts";
import { verdictOf } from "../verdict.ts";
import { codeOf, type DockerWorld, dockerWorld, type FakeDocker } from "./docker.fixture.ts";

/** No engine of Docker runs where these tests do: they hold the requests to its command line. */
grantTests("starts a stand-in for docker", { spawn: true });

const limits = { timeoutMs: 10_000 };

let world: DockerWorld;
let docker: FakeDocker;
beforeEach(async () => {
  world = await dockerWorld();
  docker = world.docker;
});
afterEach(() => world.end());

describe("a trial", () => {
  test("is a container within the task's limits, with its variables and labels", async () => {
    const environment = await world.started(
      '[environment]\ncpus = 1.5\nmemory_mb = 512\nallow_internet = false\n[environment.env]\nA = "${GIVEN}"\nPATH = "/x"\n',
    );
    const [run] = await docker.askedFor("run");
    expect(run).toEqual([
      "run",
      "--detach",
      "--init",
      expect.stringMatching(/^--name=agent33-[0-9a-f]{16}$/),
      expect.stringMatching(/^--label=agent33.trial=agent33-[0-9a-f]{16}$/),
      "--workdir=/app",
      "--network=none",
      "--cpus=1.5",
      "--memory=512m",
      "--memory-swap=512m",
      "--pids-limit=4096",
      "--ulimit=core=0",
      "--log-driver=none",
      "--env",
      "A",
      "--env",
      "PATH=/x",
      "sha256:5eed",
      "sh",
      "-c",
      "while :; do sleep 3600; done",
    ]);
    expect(await docker.variables()).toContain("A=a secret");
    expect(environment).toMatchObject({
      kind: "docker",
      workdir: "/app",
      workspace: undefined,
      solutionDir: "/solution",
      env: { A: "a secret", PATH: "/x", LANG: "C", AGENT33_APP_DIR: "/app" },
    });
    await environment.close();
    await environment.close();
    expect(await docker.askedFor("rm")).toEqual([["rm", "--force", "--volumes", "c0ffee"]]);
  });

  test("removes first what it had left when it was killed", async () => {
    await docker.on("ps", "echo dead1; echo dead2; exit 0");
    await docker.on("images", "echo 1eft; echo 1eft; exit 0");
    await (await world.started()).close();
    const [run = []] = await docker.askedFor("run");
    const label = run.find((arg) => arg.startsWith("--label="))?.slice("--label=".length);
    expect(await docker.askedFor("ps")).toEqual([
      ["ps", "--all", "--quiet", "--filter", `label=${label}`],
    ]);
    const removed = await docker.askedFor("rm", "--force", "--volumes", "dead1");
    expect(removed).toEqual([["rm", "--force", "--volumes", "dead1", "dead2"]]);
    expect(await docker.askedFor("rmi")).toEqual([["rmi", "--force", "1eft"]]);
    expect(await docker.askedFor("network", "rm")).toEqual([]);
  });

  test("has all of the network where the task does not say otherwise", async () => {
    await (await world.started()).close();
    expect((await docker.askedFor("run"))[0]?.join(" ")).not.toContain("--network");
  });

  test("runs commands in it, and what they do is data", async () => {
    const environment = await world.started();
    await docker.on("exec", 'case "$*" in *fail) echo out; echo err >&2; exit 3 ;; esac');
    const result = await environment.run({
      command: ["sh", "-c", "fail"],
      env: { KEY: "hidden" },
      cwd: "/srv",
      ...limits,
    });
    expect(result).toMatchObject({ end: { kind: "exited", status: { code: 3 } }, stdout: "out\n" });
    expect((await docker.askedFor("exec")).at(-1)).toEqual([
      ..."exec --workdir /srv --env KEY --env AGENT33_COMMAND c0ffee".split(" "),
      "sh",
      "-c",
      "fail",
    ]);
    expect(await docker.variables()).toContain("KEY=hidden");
    await environment.close();
  });

  test("ends inside what does not end in time, by its mark", async () => {
    const environment = await world.started();
    await docker.on("exec", 'case "$*" in *forever) sleep 20 ;; esac');
    const { end } = await environment.run({ command: ["forever"], timeoutMs: 300 });
    expect(end.kind).toBe("timeout");
    const [asleep, ended] = (await docker.askedFor("exec")).slice(-2);
    expect(asleep?.at(-1)).toBe("forever");
    expect(ended?.slice(0, 6)).toEqual(["exec", "--user", "0", "c0ffee", "sh", "-c"]);
    const mark = (await docker.variables()).filter((line) => line.startsWith("AGENT33_COMMAND="));
    expect(mark).toContain(ended?.at(-1));
    await environment.close();
  });

  test("tells a program that is not there from one that writes as if it were not", async () => {
    const environment = await world.started();
    const says = "echo 'OCI runtime exec failed: exec failed: x' >&2; exit 127";
    await docker.on("exec", `case "$*" in *"command -v"*) exit 1 ;; *prog) ${says} ;; esac`);
    const missing = await environment.run({ command: ["prog"], ...limits });
    expect(missing.end).toMatchObject({
      kind: "not_started",
      error: { code: "evaluation.program_missing" },
    });
    await docker.on("exec", `case "$*" in *"command -v"*) exit 0 ;; *prog) ${says} ;; esac`);
    const pretending = await environment.run({ command: ["prog"], ...limits });
    expect(pretending.end).toMatchObject({ kind: "exited", status: { code: 127 } });
    await environment.close();
  });

  test("tells a container that is gone from a command that says so", async () => {
    const environment = await world.started();
    await docker.on("exec", "echo 'Error response from daemon: container is gone' >&2; exit 1");
    const { end } = await environment.run({ command: ["x"], ...limits });
    expect(end).toMatchObject({ kind: "exited", status: { code: 1 } });
    await docker.on("container", `echo '{"Running":false,"Networks":{},"Mounts":[]}'; exit 0`);
    expect(await codeOf(environment.run({ command: ["x"], ...limits }))).toBe(
      "evaluation.docker_failed",
    );
    await environment.close();
  });

  test("copies in what is in a folder, and a file, and makes the place first", async () => {
    const environment = await world.started();
    await environment.put(join(world.root, "task", "tests"), "/solution");
    await environment.put(join(world.root, "task", "task.toml"), "/a/b.toml");
    const calls = (await docker.asked()).slice(-4).map((call) => call.slice(-3));
    expect(calls).toEqual([
      ["mkdir", "-p", "/solution"],
      ["cp", `${join(world.root, "task", "tests")}/.`, "c0ffee:/solution"],
      ["mkdir", "-p", "/a"],
      ["cp", join(world.root, "task", "task.toml"), "c0ffee:/a/b.toml"],
    ]);
    await environment.close();
  });

  test("copies out without links that lead to files of this machine", async () => {
    await writeFile(join(world.root, "secret"), "of this machine");
    const environment = await world.started();
    await docker.on(
      "cp",
      `case "$2" in *:/out) mkdir -p "$3"; echo hi > "$3/a"; ln -s ${world.root}/secret "$3/link" ;; *) echo "Error response from daemon: Could not find the file /none in container c0ffee" >&2; exit 1 ;; esac`,
    );
    expect(await environment.take("/out", join(world.root, "kept"))).toBe(true);
    expect(await readFile(join(world.root, "kept", "a"), "utf8")).toBe("hi\n");
    expect(await codeOf(readFile(join(world.root, "kept", "link")))).toBe("ENOENT");
    expect(await environment.take("/none", join(world.root, "nothing"))).toBe(false);
    await environment.close();
  });

  test("ends everything by ending the container, and starts it again for what comes next", async () => {
    const environment = await world.started();
    await docker.on("exec", 'case "$*" in *forever) sleep 20 ;; esac');
    const asleep = environment.run({ command: ["forever"], timeoutMs: 20_000 });
    await expect.poll(async () => (await docker.asked()).at(-1)?.at(-1)).toBe("forever");
    await environment.endAll();
    expect((await asleep).end.kind).toBe("cancelled");
    await docker.on(
      "kill",
      "echo 'Error response from daemon: container c0ffee is not running' >&2; exit 1",
    );
    await environment.endAll();
    expect(await docker.askedFor("start")).toEqual([]);
    await environment.run({ command: ["true"], ...limits });
    expect(await docker.askedFor("start")).toEqual([["start", "c0ffee"]]);
    await environment.close();
  });

  test("is ended when it has written more than it may", async () => {
    const sleep: Clock["sleep"] = (ms, until) => systemClock.sleep(ms === 5_000 ? 50 : ms, until);
    await world.end();
    world = await dockerWorld({ ...systemClock, sleep });
    docker = world.docker;
    await docker.on("container", 'case "$*" in *SizeRw*) echo 9000000000; exit 0 ;; esac');
    const environment = await world.started("[environment]\nstorage_mb = 100\n");
    await expect.poll(() => environment.overrun.aborted).toBe(true);
    expect(environment.overrun.reason).toMatchObject({ code: "evaluation.storage_exceeded" });
    await expect.poll(() => docker.askedFor("kill")).toEqual([["kill", "c0ffee"]]);
    await environment.close();
  });

  test("leaves no container where it could not begin", async () => {
    await docker.on("exec", "exit 1");
    expect(await codeOf(world.started())).toBe("evaluation.docker_failed");
    expect((await docker.askedFor("rm")).at(-1)?.at(-1)).toBe("c0ffee");
  });

  test("gives the engine a place for commands, in the container", async () => {
    const environment = await world.started();
    await docker.on("exec", 'case "$*" in *"echo hi") echo hi ;; esac');
    const request = { workspace: "/app", timeoutMs: 5_000, outputLimitBytes: 1_000 };
    const { sandbox } = environment;
    expect(await sandbox?.probe()).toMatchObject({
      available: true,
      driver: "docker",
      version: "28.2.2",
    });
    const result = await sandbox?.run({ command: ["sh", "-c", "echo hi"], ...request });
    expect(result).toMatchObject({
      exitCode: 0,
      stdout: "hi\n",
      timedOut: false,
      truncated: false,
    });
    await environment.close();
  });
});

describe("judging", () => {
  test("ends the agent, then runs the tests in a container of what it left, with mounts of its own", async () => {
    const environment = await world.started();
    const logs = join(world.root, "verdict");
    await mkdir(logs);
    await writeFile(join(logs, "reward.txt"), "1");
    // The agent's link in place of the tests must not be followed by anything here.
    await symlink("/etc", join(world.root, "trial", "tests"));
    await docker.on(
      "exec",
      `case "$*" in *test.sh) echo 0.5 > ${logs}/reward.txt; echo done ;; esac`,
    );
    const before = (await docker.asked()).length;
    const tests = join(world.root, "task", "tests");
    const result = await environment.judge({ tests, logs, env: { KEY: "k" }, ...limits });
    const verdict = await verdictOf(result, logs, limits.timeoutMs);
    expect(verdict).toMatchObject({ reward: 0.5, passed: false, output: "done\n" });
    const calls = (await docker.asked()).slice(before);
    expect(calls.map((call) => call[0])).toEqual([
      "kill",
      "commit",
      "container",
      "run",
      "exec",
      "rm",
      "rmi",
    ]);
    const [run, exec] = [calls[3] ?? [], calls[4] ?? []];
    expect(run).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^--name=agent33-[0-9a-f]{16}-judge$/),
        expect.stringMatching(/^--label=agent33.trial=agent33-[0-9a-f]{16}$/),
        "--network=bridge",
        expect.stringMatching(/^--mount=type=bind,source=.*\/judge-\w+\/tests,target=\/tests$/),
        `--mount=type=bind,source=${logs},target=/logs/verifier`,
        "--mount=type=volume,source=data,target=/data",
        "sha256:1eft",
      ]),
    );
    expect(run.filter((arg) => arg.startsWith("--tmpfs"))).toEqual(
      ["/verifier", "/solution", "/oracle", "/logs"].map((path) => `--tmpfs=${path}`),
    );
    expect(run.join(" ")).not.toContain("planted");
    expect(exec.slice(-2)).toEqual([expect.stringContaining("exec bash"), "/tests/test.sh"]);
    expect(await docker.variables()).toContain("AGENT33_LOGS_DIR=/logs/verifier");
    expect(calls.slice(-2).map((call) => call.at(-1))).toEqual([
      expect.stringMatching(/-judge$/),
      "sha256:1eft",
    ]);
    await environment.close();
  });

  test("gives no verdict where the tests leave none, whatever was there before", async () => {
    const environment = await world.started();
    const logs = join(world.root, "verdict");
    await mkdir(logs);
    await writeFile(join(logs, "reward.txt"), "1");
    const tests = join(world.root, "task", "tests");
    const result = await environment.judge({
      tests,
      testsAt: "/verifier",
      logs,
      env: {},
      ...limits,
    });
    const verdict = await verdictOf(result, logs, limits.timeoutMs);
    expect(verdict.error?.code).toBe("evaluation.reward_missing");
    const run = (await docker.askedFor("run")).at(-1) ?? [];
    expect(run).toContain("--tmpfs=/tests");
    expect(run.join(" ")).toMatch(/target=\/verifier(?: |$)/);
    await environment.close();
  });

  test("that takes too long is a timeout, and its container goes", async () => {
    const environment = await world.started();
    await docker.on("exec", 'case "$*" in *test.sh) sleep 20 ;; esac');
    const request = {
      tests: join(world.root, "task", "tests"),
      logs: join(world.root, "verdict"),
      env: {},
    };
    const { end } = await environment.judge({ ...request, timeoutMs: 300 });
    expect(end.kind).toBe("timeout");
    expect((await docker.askedFor("rm")).at(-1)?.at(-1)).toMatch(/-judge$/);
    await environment.close();
  });
});
