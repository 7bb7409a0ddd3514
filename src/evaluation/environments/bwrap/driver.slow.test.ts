import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { grantTests } from "../../../../test/support/egress.ts";
import { createBench, never, processes } from "./bwrap.fixture.ts";
import { processesIn } from "./leftovers.ts";

vi.setConfig({ testTimeout: 120_000 });
grantTests("runs trials in bubblewrap", { spawn: true });

const bench = createBench();
const { begin, prepare, sh, verdict } = bench;
afterEach(() => expect(processes.live().map(({ pid }) => pid)).toEqual([]));
afterAll(() => bench.remove());

const passing = "mkdir -p /logs/verifier\necho 1 > /logs/verifier/reward.txt\n";

test("carries a Dockerfile out: ARG, ENV, WORKDIR, COPY, ADD, RUN, heredocs, stages", async () => {
  const prepared = await prepare({
    "environment/Dockerfile": [
      "ARG TAG=1",
      "FROM python:$TAG AS build",
      "WORKDIR /made",
      "RUN echo of-a-stage > file && ln -s /etc/hostname link",
      "FROM nobody-needs AS idle",
      "RUN false",
      "FROM debian",
      'ENV MODE=test NAME="a b" PATH=/opt/own:$PATH',
      "ARG WHO=you",
      "WORKDIR /app",
      'SHELL ["/bin/bash", "-c"]',
      "COPY *.csv data/",
      "COPY --chmod=755 run.sh ./bin/",
      "COPY sub /app/copied",
      "COPY one.csv /app/renamed.csv",
      "COPY --from=build /made /app/made",
      "COPY --from=ghcr.io/some/image /x /y",
      "COPY <<EOF <<'RAW' /app/written/",
      "mode $MODE",
      "EOF",
      "raw $MODE",
      "RAW",
      "RUN <<EOF",
      "echo $WHO-$NAME > /app/ran",
      "[[ a == a ]] && echo bash >> /app/ran",
      "EOF",
      "RUN python3 - <<'PY'",
      'open("/app/by-python", "w").write("py")',
      "PY",
      'RUN ["touch", "/app/exec form"]',
      "USER agent",
      'CMD ["bash"]',
    ].join("\n"),
    "environment/one.csv": "1",
    "environment/two.csv": "2",
    "environment/run.sh": "#!/bin/sh\necho ran\n",
    "environment/sub/deep/file": "deep",
    "environment/sub/left.log": "log",
    "environment/.dockerignore": "# no logs\n**/*.log\n",
  });
  expect(prepared.notices).toContain(
    'Dockerfile: over this machine\'s Debian packages, not the image "debian"',
  );
  expect(prepared.notices).toContain(
    'Dockerfile, line 17: COPY from the image "ghcr.io/some/image" is not carried out',
  );
  expect(prepared.notices).toContain("Dockerfile, line 31: USER agent is not carried out");
  const trial = await begin(prepared);
  const script =
    "cat data/* copied/deep/file renamed.csv made/file written/EOF written/RAW ran by-python; bin/run.sh; readlink made/link; echo $PATH; pwd; ls 'exec form' copied";
  expect((await sh(trial, script)).split("\n")).toEqual([
    "12deep1of-a-stage",
    "mode test",
    "raw $MODE",
    "you-a b",
    "bash",
    "pyran",
    "/etc/hostname",
    "/.agent33/bin:/opt/own:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "/app",
    "exec form",
    "",
    "copied:",
    "deep",
    "",
  ]);
  expect(readFileSync(join(trial.workspace ?? "", "renamed.csv"), "utf8")).toBe("1");
  await trial.close();
});

test("gives the agent a system of its own: root, without this machine's files or a network", async () => {
  const prepared = await prepare({
    "environment/Dockerfile": "FROM debian\nWORKDIR /app\n",
    "environment/skills/s/SKILL.md": "---\nname: s\n---\n",
  });
  expect(prepared.notices).toContain("there is no network inside");
  const trial = await begin(prepared);
  expect(await sh(trial, "id -u; hostname; ls /; ls /root /home")).toMatch(/^0\ntrial\napp\nbin\n/);
  const everywhere =
    "for d in /root /app /tmp /var /usr/local /home; do echo x > $d/f || echo no; done";
  expect(await sh(trial, everywhere)).toBe("");
  expect(await sh(trial, "echo x > /usr/f; echo x > /.agent33/f")).toMatch(/Read-only.*Read-only/s);
  expect(
    await sh(
      trial,
      `ls ${bench.dir} ; cat /etc/shadow; python3 -c 'import sys; print(sys.prefix)'`,
    ),
  ).toMatch(/No such file.*No such file.*\n\/usr\n$/s);
  expect(await sh(trial, "exec 3<>/dev/tcp/1.1.1.1/80 || echo none")).toContain("none");
  await trial.close();
  await trial.close();
  expect(existsSync(trial.workspace ?? "")).toBe(false);
});

test("copies a task's skills only for who is to have them", async () => {
  const prepared = await prepare({
    "environment/Dockerfile": "FROM debian\nCOPY skills /root/.claude/skills\nCOPY . /app\n",
    "environment/skills/s/SKILL.md": "---\nname: s\n---\n",
    "environment/x": "x",
  });
  const without = await begin(prepared);
  expect(await sh(without, "ls /app /root/.claude/skills")).not.toMatch(/\bs\b/);
  await without.close();
  const given = await begin(prepared, true);
  expect(await sh(given, "ls /app /root/.claude/skills")).toMatch(/skills[^]*\bs\b/);
  await given.close();
});

test("judges what the agent left, with tests and logs that it never saw", async () => {
  const prepared = await prepare({
    "environment/Dockerfile": "FROM debian\nWORKDIR /app\n",
    "tests/test.sh": `grep -q done /app/out && test -n "$GIVEN$AGENT33_APP_DIR" && ls -a /logs/verifier /solution\n${passing}`,
  });
  const trial = await begin(prepared);
  expect(await sh(trial, "ls /tests /logs")).toMatch(/cannot access.*cannot access/s);
  await trial.run({ command: ["sh", "-c", "echo done > out"], timeoutMs: 10_000 });
  const verification = await verdict(trial);
  expect(verification.output).toContain("'/solution': No such file");
  expect(verification).toMatchObject({ reward: 1, passed: true });
  await trial.close();
});

test("puts files in and takes them out, and no link leads to this machine", async () => {
  const prepared = await prepare({ "environment/Dockerfile": "FROM debian\nWORKDIR /app\n" });
  const trial = await begin(prepared);
  const given = join(bench.dir, "given");
  mkdirSync(given);
  writeFileSync(join(given, "solve.sh"), "echo solved > /app/out");
  await sh(
    trial,
    "ln -s /etc /solution; ln -s /etc/hostname here; ln -s / top; mkdir d; touch d/f",
  );
  await trial.put(given, "/solution");
  expect(await sh(trial, "ls /etc/solve.sh; sh /solution/solve.sh; cat /app/out")).toContain(
    "solved",
  );
  const taken = join(bench.dir, "taken");
  expect(await trial.take(".", taken)).toBe(true);
  expect(readdirSync(taken).toSorted()).toEqual(["d", "here", "out"]);
  expect(readFileSync(join(taken, "here"), "utf8")).toBe("trial\n");
  expect(await trial.take("/none", join(bench.dir, "no"))).toBe(false);
  await trial.close();
});

test("runs the engine's shell tool inside, by the workspace's path on this machine", async () => {
  const prepared = await prepare({ "environment/Dockerfile": "FROM debian\nWORKDIR /app\n" });
  const trial = await begin(prepared);
  const result = await trial.sandbox?.run({
    command: ["sh", "-c", "pwd; echo err >&2; exit 3"],
    workspace: trial.workspace ?? "",
    timeoutMs: 10_000,
    outputLimitBytes: 1_000,
  });
  expect(result).toMatchObject({ exitCode: 3, stdout: "/app\n", stderr: "err\n", timedOut: false });
  await trial.close();
});

test("keeps an image for the next time, and gives two who build it at once the same one", async () => {
  const files = { "environment/Dockerfile": "FROM debian\nRUN date +%s%N > /made && sleep 0.3\n" };
  const again = createBench({ cacheDir: join(bench.dir, "cache") });
  const [one, other] = await Promise.all([prepare(files), again.prepare(files)]);
  again.remove();
  expect(one.digests["image"]).toBe(other.digests["image"]);
  const [first, second] = [await begin(one), await begin(other)];
  expect(await sh(first, "cat /made")).toBe(await sh(second, "cat /made"));
  await sh(first, "echo changed > /made");
  expect(await sh(second, "cat /made")).not.toBe("changed\n");
  await first.close();
  await second.close();
  expect(readdirSync(join(bench.dir, "cache", "building"))).toEqual([]);
});

test("begins anew where a trial was killed", async () => {
  const prepared = await prepare({ "environment/Dockerfile": "FROM debian\nWORKDIR /app\n" });
  const killed = await begin(prepared);
  await sh(killed, "echo half > /app/half; mkdir /app/closed; chmod 0 /app/closed");
  const dir = dirname(dirname(killed.workspace ?? ""));
  const again = await prepared.start({ dir, withSkills: false, signal: never });
  expect(await sh(again, "ls /app")).toBe("");
  await again.close();
  await killed.close();
});

test("says which packages are lacking, and blames no agent for a step that needs one", async () => {
  const lacking = await prepare({
    "environment/Dockerfile":
      "FROM debian\nRUN apt-get update && apt-get install -y bash no-such-package=1.2 > /dev/null 2>&1\nRUN pip install -q no_such_module==3 pytest-json-ctrf\n",
  });
  expect(lacking.notices.join("\n")).toContain(
    "asks for packages that this machine lacks: no-such-package python3-no-such-module (from PyPI: no-such-module)",
  );
  const failing = prepare({
    "environment/Dockerfile":
      "FROM debian\nRUN apt-get install -y no-such-package\nRUN no-such-program\n",
  });
  await expect(failing).rejects.toMatchObject({
    code: "evaluation.environment_failed",
    message: expect.stringMatching(/line 3: RUN failed.*lacks: no-such-package/s),
  });
});

test("ends what a command left running, and what still runs when all is to end", async () => {
  const prepared = await prepare({ "environment/Dockerfile": "FROM debian\n" });
  const trial = await begin(prepared);
  const asleep = trial.run({ command: ["sleep", "100"], timeoutMs: 100_000 });
  await trial.run({ command: ["sh", "-c", "setsid sleep 100 & sleep 0.2"], timeoutMs: 10_000 });
  await trial.endAll();
  expect((await asleep).end.kind).toBe("cancelled");
  expect(processesIn(join(trial.workspace ?? ""))).toEqual([]);
  await trial.close();
});
