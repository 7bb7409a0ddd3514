import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { grantTests } from "../../test/support/egress.ts";
import { createBwrapSandbox } from "./bwrap.ts";
import { type Extras, probed, processes, titleOf } from "./bwrap.fixture.ts";
import { makeWorkspace, titleUnless } from "./sandbox.fixture.ts";
import { probeSandbox } from "./bwrap-probe.ts";

grantTests("runs bubblewrap", { spawn: true });

const mebibyte = 1024 * 1024;
const isRoot = process.getuid?.() === 0;
const available = probed.available;
const limiters = existsSync("/usr/bin/prlimit")
  ? (["prlimit", "ulimit"] as const)
  : ["ulimit" as const];
let workspace: string;

describe.skipIf(!available).each(limiters)(titleOf("limits set by %s"), (limiter) => {
  const sandbox = createBwrapSandbox({ spawn: processes.spawn, limiter });
  const sh = (script: string, extras: Extras = {}) =>
    sandbox.run({
      command: ["sh", "-c", script],
      workspace,
      timeoutMs: 20_000,
      outputLimitBytes: 4_096,
      ...extras,
    });

  beforeEach(() => {
    // Open to all, so that root hands the command to another user, whom the kernel does limit.
    workspace = makeWorkspace(true);
  });
  afterEach(() => {
    expect(processes.live()).toEqual([]);
    rmSync(workspace, { recursive: true });
  });

  test("bound the memory of a process", async () => {
    const script = `perl -e '$x = "x" x (300 * 1024 * 1024); print "got it"'`;
    const bounded = await sh(script, { memoryBytes: 256 * mebibyte });
    expect(bounded.stdout).toBe("");
    expect(bounded.exitCode).not.toBe(0);
    expect((await sh(script)).stdout).toBe("got it");
  });

  test("bound the processor time", async () => {
    const result = await sh("while :; do :; done", { cpuSeconds: 1 });
    // SIGXCPU is 24, SIGKILL 9.
    expect([128 + 24, 128 + 9]).toContain(result.exitCode);
    expect(result.timedOut).toBe(false);
    expect(result.durationMs).toBeGreaterThan(900);
  });

  test("bound the size of a file", async () => {
    const result = await sh("head -c 3000000 /dev/zero > big; echo $?", {
      fileSizeBytes: mebibyte,
    });
    expect(statSync(join(workspace, "big")).size).toBe(mebibyte);
    expect(Number(result.stdout)).not.toBe(0);
  });

  test("bound what fits in /tmp and in shared memory, however many the files", async () => {
    const write = (folder: string) =>
      `for n in 1 2 3 4; do head -c 600000 /dev/zero > ${folder}/$n || break; done 2>/dev/null
       du -sb ${folder} | cut -f1`;
    const script = `${write("/tmp/mine")}\n${write("/dev/shm/mine")}`;
    const result = await sh(`mkdir /tmp/mine /dev/shm/mine\n${script}`, {
      fileSizeBytes: mebibyte,
    });
    for (const used of result.stdout.trim().split("\n")) {
      expect(Number(used)).toBeGreaterThan(600_000);
      expect(Number(used)).toBeLessThanOrEqual(mebibyte);
    }
  });

  test("bound the open files", async () => {
    const script = `perl -e 'for (1..100) { open($f[$_], "<", "/dev/null") or last; $n = $_ } print $n'`;
    expect(Number((await sh(script, { openFiles: 32 })).stdout)).toBeLessThan(32);
    expect((await sh(script)).stdout).toBe("100");
  });

  test("write no core files", async () => {
    expect((await sh("ulimit -c; ulimit -H -c")).stdout).toBe("0\n0\n");
  });

  test("cannot be raised again from inside", async () => {
    const script =
      "ulimit -n 4096 2>/dev/null && echo raised; ulimit -v unlimited 2>/dev/null && echo raised; echo tried";
    expect((await sh(script)).stdout).toBe("tried\n");
  });

  test("bound a fork bomb, and leave nothing of it", async () => {
    const script = `perl -e 'for (1..300) { $p = fork; last unless defined $p; if (!$p) { sleep 30; exit } $n++ } print $n'`;
    const result = await sh(script, { processes: 40 });
    expect(Number(result.stdout)).toBeGreaterThan(20);
    expect(Number(result.stdout)).toBeLessThan(40);
    // They are counted within the sandbox: two at once do not take each other's share.
    const both = await Promise.all([sh(script, { processes: 40 }), sh(script, { processes: 40 })]);
    for (const one of both) expect(Number(one.stdout)).toBeGreaterThan(20);
  });

  test("are lowered to what the engine itself is held to", async () => {
    const result = await sh("ulimit -n", { openFiles: 2 ** 40 });
    expect(Number(result.stdout)).toBeGreaterThan(0);
    expect(Number(result.stdout)).toBeLessThan(2 ** 40);
  });

  const noChoom = !existsSync("/usr/bin/choom") && "there is no /usr/bin/choom";
  test.skipIf(noChoom !== false)(
    titleUnless("make it the first to go when memory runs out", noChoom),
    async () => {
      expect((await sh("cat /proc/self/oom_score_adj")).stdout).toBe("1000\n");
    },
  );

  test("leave room for Node", async () => {
    const script = `node -e 'new WebAssembly.Memory({ initial: 1 }); console.log(process.version)'`;
    expect((await sh(script)).stdout).toBe(`${process.version}\n`);
  });
});

describe.skipIf(!available || !isRoot)(
  titleOf("where the engine runs as root", !isRoot && "it does not"),
  () => {
    test("a workspace that only root can write is worked in as root, and that is said", async () => {
      workspace = makeWorkspace();
      const probe = await probeSandbox({ spawn: processes.spawn, workspace });
      rmSync(workspace, { recursive: true });
      expect(probe).toMatchObject({
        available: true,
        notices: expect.arrayContaining([expect.stringContaining("run as root")]),
      });
    });

    test("a workspace that is open to all is worked in as nobody, and nothing need be said", async () => {
      workspace = makeWorkspace(true);
      const probe = await probeSandbox({ spawn: processes.spawn, workspace });
      const sandbox = createBwrapSandbox({ spawn: processes.spawn });
      const request = { workspace, timeoutMs: 9_000, outputLimitBytes: 4_096 };
      const result = await sandbox.run({ ...request, command: ["touch", "made"] });
      expect(result).toMatchObject({ exitCode: 0 });
      const { uid } = statSync(join(workspace, "made"));
      rmSync(workspace, { recursive: true });
      expect(uid).toBe(65_534);
      expect(probe).toMatchObject({ available: true, notices: [] });
    });
  },
);
