import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { grantTests } from "../../../../test/support/egress.ts";
import { systemClock } from "../../../base/clock.ts";
import { createProcesses } from "../../../sandbox/process.ts";
import { codeOf, type DockerWorld, dockerWorld, type FakeDocker } from "./docker.fixture.ts";
import { createDockerDriver } from "./driver.ts";

/** No engine of Docker runs where these tests do: they hold the requests to its command line. */
grantTests("starts a stand-in for docker", { spawn: true });

const { signal } = new AbortController();

let world: DockerWorld;
let docker: FakeDocker;
beforeEach(async () => {
  world = await dockerWorld();
  docker = world.docker;
});
afterEach(() => world.end());

describe("preparing a task", () => {
  test("builds its image once, of what is in environment/, and pins it", async () => {
    const task = await world.load("[environment]\nbuild_timeout_sec = 5\n");
    const [first, second] = await Promise.all([
      world.driver.prepare(task, signal),
      world.driver.prepare(task, signal),
    ]);
    expect(first).toBe(second);
    expect(first.digests).toEqual({ image: "sha256:5eed", imageWithoutSkills: "sha256:5eed" });
    expect(first.notices).toEqual([]);
    const [build, ...more] = await docker.askedFor("build");
    expect(more).toEqual([]);
    expect(build).toEqual([
      "build",
      "--tag",
      expect.stringMatching(/^agent33-task:[0-9a-f]{32}$/),
      "--file",
      join(task.environment.dir, "Dockerfile"),
      task.environment.dir,
    ]);
  });

  test("takes an image that was built of the same files before", async () => {
    await docker.on("image", `touch "$here/$(echo "image-$5" | tr '/:' '__')"`);
    await world.prepared();
    expect(await docker.askedFor("build")).toEqual([]);
  });

  test("builds another image without skills, of a copy with empty folders in their place", async () => {
    const last = 'for context in "$@"; do :; done';
    await docker.on("build", `${last}; (cd "$context" && find . | sort; echo) >> "$here/contexts"`);
    await world.prepared("", {
      "environment/skills/pdf/SKILL.md": "x",
      "environment/data.csv": "1",
    });
    const contexts = await readFile(join(world.root, "bin", "contexts"), "utf8");
    const files = ["./Dockerfile", "./data.csv", "./skills", "./skills/pdf"];
    expect(contexts.split("\n\n").map((context) => context.split("\n").slice(1))).toEqual([
      [...files, "./skills/pdf/SKILL.md"],
      files,
      [],
    ]);
    const [[, , first] = [], [, , second] = []] = await docker.askedFor("build");
    expect(first).not.toBe(second);
  });

  test("takes a published image in place of the Dockerfile", async () => {
    await world.prepared('[environment]\ndocker_image = "python:3.12"\n');
    expect(await docker.askedFor("pull")).toEqual([["pull", "--quiet", "python:3.12"]]);
    expect(await docker.askedFor("build")).toEqual([]);
  });

  test("says where the task asks for more processors than there are", async () => {
    const { notices, start } = await world.prepared("[environment]\ncpus = 4\n");
    expect(notices).toEqual(["the task wants 4 processors, and there are 2"]);
    await (await start(await world.place())).close();
    expect((await docker.askedFor("run"))[0]).toContain("--cpus=2");
  });

  // Each row: what is wrong, the task, what docker does about it, the code.
  test.each([
    [
      "no engine",
      "",
      "info",
      "echo 'Cannot connect to the Docker daemon at unix:///x' >&2; exit 1",
      "evaluation.docker_unreachable",
    ],
    [
      "a build that fails",
      "",
      "build",
      "echo '#5 ERROR: no' >&2; exit 1",
      "evaluation.image_build_failed",
    ],
    [
      "a build that takes too long",
      "[environment]\nbuild_timeout_sec = 0.3\n",
      "build",
      "sleep 20",
      "evaluation.docker_timeout",
    ],
    ["an answer that nobody knows", "", "image", "echo '[]'; exit 0", "evaluation.docker_failed"],
    [
      "some hosts only",
      '[environment]\nnetwork_mode = "allowlist"\n',
      "info",
      "",
      "evaluation.network_not_kept",
    ],
  ])("is refused with %s", async (_what, toml, command, shell, code) => {
    await docker.on(command, shell);
    expect(await codeOf(world.prepared(toml))).toBe(code);
  });

  test("is refused without a Dockerfile or an image", async () => {
    const files = { "environment/Dockerfile": undefined };
    expect(await codeOf(world.prepared("", files))).toBe("evaluation.image_missing");
  });

  test("is refused without docker", async () => {
    await rm(join(world.root, "bin"), { recursive: true });
    const env = { PATH: join(world.root, "bin") };
    const { spawn } = createProcesses();
    const driver = createDockerDriver({ spawn, clock: systemClock, env });
    const work = driver.prepare(await world.load(), signal);
    expect(await codeOf(work)).toBe("evaluation.docker_missing");
  });

  test("can be tried again after a failure", async () => {
    const task = await world.load();
    await docker.on("info", "echo 'Cannot connect to the Docker daemon' >&2; exit 1");
    expect(await codeOf(world.driver.prepare(task, signal))).toBe("evaluation.docker_unreachable");
    await docker.on("info", "");
    expect(await codeOf(world.driver.prepare(task, signal))).toBe("none");
  });
});
