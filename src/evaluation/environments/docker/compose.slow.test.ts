import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { grantTests } from "../../../../test/support/egress.ts";
import { codeOf, type DockerWorld, dockerWorld, type FakeDocker } from "./docker.fixture.ts";

/** No engine of Docker runs where these tests do: they hold the requests to its command line. */
grantTests("starts a stand-in for docker", { spawn: true });

let world: DockerWorld;
let docker: FakeDocker;
beforeEach(async () => {
  world = await dockerWorld();
  docker = world.docker;
});
afterEach(() => world.end());

const files = {
  "environment/docker-compose.yaml": "services:\n  main: {}\n  api: { image: api }\n",
};
const words = async () =>
  (await docker.askedFor("compose")).map((call) => call.filter((arg) => !arg.startsWith("--")));

describe("a trial of a task with services", () => {
  test("is a project of its own, worked in and judged by its main container", async () => {
    const toml = '[environment]\nallow_internet = false\nenv = { A = "${GIVEN}" }\n';
    const environment = await world.started(toml, files);
    const [up = [], ps = []] = await docker.askedFor("compose");
    const override = join(world.root, "trial", "compose.override.json");
    expect(up).toEqual([
      "compose",
      expect.stringMatching(/^--project-name=agent33-[0-9a-f]{16}$/),
      `--project-directory=${join(world.root, "task", "environment")}`,
      `--file=${join(world.root, "task", "environment", "docker-compose.yaml")}`,
      `--file=${override}`,
      "up",
      "--detach",
      "--wait",
      "--quiet-pull",
    ]);
    expect(ps.slice(-3)).toEqual(["ps", "--quiet", "main"]);
    expect(JSON.parse(await readFile(override, "utf8"))).toMatchObject({
      services: {
        main: {
          image: expect.stringMatching(/^agent33-task:/),
          environment: ["A"],
          labels: { "agent33.trial": expect.stringMatching(/^agent33-/) },
        },
        api: { labels: { "agent33.trial": expect.stringMatching(/^agent33-/) } },
      },
      networks: { default: { internal: true } },
    });
    const variables = await docker.variables();
    expect(variables).toContain("A=a secret");
    // Credentials of a person's home are not for the task; the client still finds its own settings.
    expect(variables).toContain(`HOME=${join(world.root, "trial", "home")}`);
    expect(variables).toContain(`DOCKER_CONFIG=${join(world.root, "home", ".docker")}`);
    await environment.run({ command: ["true"], timeoutMs: 5_000 });
    expect((await docker.askedFor("exec")).at(-1)?.slice(-2)).toEqual(["ma1n", "true"]);
    await environment.judge({
      tests: join(world.root, "task", "tests"),
      logs: join(world.root, "verdict"),
      env: {},
      timeoutMs: 5_000,
    });
    expect(await docker.askedFor("kill")).toEqual([["kill", "ma1n"]]);
    expect(await docker.askedFor("commit")).toEqual([["commit", "ma1n"]]);
    await environment.close();
    expect((await words()).at(-1)).toEqual(["compose", "down", "local", "0"]);
  });

  test("leaves nothing where its services do not start", async () => {
    await docker.on("compose", 'case "$*" in *" up "*) echo "unhealthy" >&2; exit 1 ;; esac');
    expect(await codeOf(world.started("", files))).toBe("evaluation.docker_failed");
    expect((await words()).map((call) => call[1])).toEqual(["up", "down"]);
  });

  test.each(["unknown flag: --project-name", "docker: unknown command: docker compose"])(
    "is refused where docker has no compose and says %j",
    async (said) => {
      await docker.on("compose", `echo '${said}' >&2; exit 1`);
      expect(await codeOf(world.started("", files))).toBe("evaluation.compose_missing");
    },
  );
});
