import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fakeDocker } from "../../src/evaluation/environments/docker/docker.fixture.ts";
import { freshFolder, projectRoot, runInProcess } from "../support/cli.ts";
import { grantTests } from "../support/egress.ts";

/** No engine of Docker runs where these tests do: a stand-in takes the requests of its command line. */
grantTests("starts a stand-in for docker", { spawn: true });

interface Result {
  readonly verifier_result: { readonly rewards: Readonly<Record<string, number>> };
}

test("agent33 eval run takes a task through docker, from its image to its verdict", async () => {
  const root = freshFolder();
  const docker = await fakeDocker(root);
  // The judge's container is told where the verdict goes; the tests of a solved task say 1.
  await docker.on(
    "run",
    'for arg in "$@"; do case "$arg" in *target=/logs/verifier) echo "$arg" | sed "s/.*source=//; s/,target.*//" > "$here/logs" ;; esac; done',
  );
  await docker.on(
    "exec",
    'case "$*" in *solve.sh) touch "$here/solved" ;; *test.sh) [ -f "$here/solved" ] && echo 1 > "$(cat "$here/logs")/reward.txt" || echo 0 > "$(cat "$here/logs")/reward.txt" ;; esac',
  );
  cpSync(join(projectRoot, "examples/tasks/expense-totals"), join(root, "task"), {
    recursive: true,
  });
  const words = [
    "--agent",
    "nop",
    "--agent",
    "oracle",
    "--environment",
    "docker",
    "--parallel",
    "1",
  ];
  const places = ["--data", "data", "--job", "job", "--no-oracle-gate"];
  const command = ["eval", "run", "task", ...words, ...places, "--json"];
  const ran = await runInProcess(command, root, docker.env);
  expect(ran.stderr).toBe("");
  const job = join(root, "jobs/job");
  const results = readdirSync(job)
    .filter((name) => name.includes("__"))
    .map((name) => JSON.parse(readFileSync(join(job, name, "result.json"), "utf8")) as Result);
  expect(results).toHaveLength(2);
  const rewards = results.map((result) => result.verifier_result.rewards["reward"]);
  expect(new Set(rewards)).toEqual(new Set([0, 1]));
  for (const result of results) {
    expect(result).toMatchObject({
      agent33: { verdict: { kind: "scored" }, digests: { image: "sha256:5eed" } },
    });
  }
  const asked = (await docker.asked()).map(([command]) => command);
  expect(asked.filter((command) => command === "build")).toHaveLength(1);
  expect(asked.filter((command) => command === "commit")).toHaveLength(2);
  // Each trial's own container and the judge's.
  expect(asked.filter((command) => command === "run")).toHaveLength(4);
  expect(asked.filter((command) => command === "rm")).toHaveLength(4);
});
