import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { grantTests } from "../../test/support/egress.ts";
import { eventually, isRunning } from "../../test/support/mcp-servers/process-list.ts";
import { createBwrapSandbox } from "./bwrap.ts";
import { probed, processes, processesWith, sandbox, sh, titleOf } from "./bwrap.fixture.ts";
import { makeWorkspace } from "./sandbox.fixture.ts";

grantTests("runs bubblewrap", { spawn: true });

let workspace: string;
let marker: string;
let runs = 0;

beforeEach(() => {
  workspace = makeWorkspace();
  runs += 1;
  marker = `agent33-marker-${process.pid}-${runs}`;
});
afterEach(() => {
  expect(processes.live()).toEqual([]);
  rmSync(workspace, { recursive: true });
});

/** Children that leave the session, and whose parents exit at once, as daemons do. */
const daemons = (count: number): string =>
  `for n in $(seq ${count}); do setsid sh -c 'setsid sh -c "sleep 60; : ${marker}" & sleep 60; : ${marker}' & done`;

describe.skipIf(!probed.available)(titleOf("run"), () => {
  test("gives exit code, output and errors apart, and works in the workspace", async () => {
    writeFileSync(join(workspace, "given.txt"), "given");
    const result = await sh(
      workspace,
      "pwd; cat given.txt; echo oops >&2; echo made > new.txt; exit 3",
    );
    expect(result).toMatchObject({
      exitCode: 3,
      signal: null,
      stdout: `${workspace}\ngiven`,
      stderr: "oops\n",
      truncated: false,
      timedOut: false,
      durationMs: expect.any(Number),
    });
    expect(readFileSync(join(workspace, "new.txt"), "utf8")).toBe("made\n");
  });

  test("keeps the command's words as they are", async () => {
    const words = ["a b", "", "$HOME", "*", "ü", "-n", "line\nbreak"] as const;
    const command = [
      "node",
      "-p",
      "JSON.stringify(process.argv.slice(1))",
      "--",
      ...words,
    ] as const;
    const request = { workspace, timeoutMs: 9_000, outputLimitBytes: 4_096 };
    expect(JSON.parse((await sandbox.run({ ...request, command })).stdout)).toEqual(words);
  });

  test("says 127 of a command that is not there, and 128 and its number of a signal", async () => {
    const request = { workspace, timeoutMs: 9_000, outputLimitBytes: 4_096 };
    const missing = await sandbox.run({ ...request, command: ["agent33-no-such-program"] });
    expect(missing).toMatchObject({ exitCode: 127, stderr: expect.stringContaining("not found") });
    expect((await sh(workspace, "kill -SEGV $$")).exitCode).toBe(128 + 11);
  });

  test("gives no input, so that a command that asks ends", async () => {
    expect(await sh(workspace, "read answer || echo nothing")).toMatchObject({
      stdout: "nothing\n",
    });
  });

  test("shows further folders for reading, also inside the workspace", async () => {
    const shelf = makeWorkspace();
    mkdirSync(join(workspace, "fixed"));
    writeFileSync(join(shelf, "book"), "read me");
    const script = `cat ${shelf}/book; touch ${shelf}/x fixed/x y 2>/dev/null; ls . ${shelf} fixed`;
    const result = await sh(workspace, script, {
      readOnlyBinds: [join(workspace, "fixed"), shelf],
    });
    rmSync(shelf, { recursive: true });
    expect(result.stdout).toMatch(/^read me/);
    expect(result.stdout).toMatch(/^y$/m);
    expect(result.stdout).not.toMatch(/^x$/m);
  });

  test("keeps the beginning and the end of a flood, and holds no more of it", async () => {
    const result = await sh(workspace, "seq 1 400000; seq 1 9 >&2", { outputLimitBytes: 2_000 });
    expect(result.truncated).toBe(true);
    expect(result.stdout.length).toBeLessThan(2_100);
    expect(result.stdout).toMatch(/^1\n2\n3\n/);
    expect(result.stdout).toMatch(/\n\[\d+ bytes are left out here\]\n/);
    expect(result.stdout).toMatch(/\n399999\n400000\n$/);
    expect(result.stderr).toBe("1\n2\n3\n4\n5\n6\n7\n8\n9\n");
  });

  test("ends a flood without end at its time", async () => {
    const result = await sh(workspace, "yes", { timeoutMs: 400, outputLimitBytes: 1_000 });
    expect(result).toMatchObject({ timedOut: true, truncated: true });
  });

  test("runs several commands at once", async () => {
    const all = await Promise.all(
      [1, 2, 3, 4].map((n) => sh(workspace, `echo ${n} > ${n}; cat ${n}`)),
    );
    expect(all.map(({ stdout }) => stdout)).toEqual(["1\n", "2\n", "3\n", "4\n"]);
  });
});

describe.skipIf(!probed.available)(titleOf("nothing is left of a command"), () => {
  test("that runs into its time limit, with daemons that left its session", async () => {
    const running = sh(workspace, `${daemons(5)}; wait; sleep 60`, { timeoutMs: 600 });
    expect(await eventually(() => processesWith(marker).length >= 5)).toBe(true);
    const result = await running;
    expect(result).toMatchObject({ timedOut: true, exitCode: null });
    expect(processesWith(marker)).toEqual([]);
  });

  test("that ends by itself and leaves daemons behind", async () => {
    const result = await sh(workspace, `${daemons(5)}; sleep 0.2; ps -e | wc -l`);
    expect(result).toMatchObject({ exitCode: 0, timedOut: false });
    expect(result.durationMs).toBeLessThan(5_000);
    expect(processesWith(marker)).toEqual([]);
  });

  test("that is cancelled: the caller's reason comes back", async () => {
    const cancel = new AbortController();
    const running = sh(workspace, `${daemons(3)}; wait`, { signal: cancel.signal });
    const seen = eventually(() => processesWith(marker).length >= 3);
    void seen.then(() => cancel.abort(new Error("enough")));
    await expect(running).rejects.toThrow("enough");
    expect(await seen).toBe(true);
    expect(processesWith(marker)).toEqual([]);
    await expect(sh(workspace, "touch x", { signal: cancel.signal })).rejects.toThrow("enough");
  });

  test("whose engine is killed", async () => {
    const script = join(workspace, "engine.mjs");
    const module = (name: string) => pathToFileURL(join(import.meta.dirname, name)).href;
    writeFileSync(
      script,
      `import { createProcesses } from "${module("process.ts")}";
       import { createBwrapSandbox } from "${module("bwrap.ts")}";
       const { run } = createBwrapSandbox({ spawn: createProcesses().spawn });
       const command = ["sh", "-c", ${JSON.stringify(`${daemons(3)}; wait`)}];
       await run({ command, workspace: "${workspace}", timeoutMs: 60000, outputLimitBytes: 100 });`,
    );
    const engine: ChildProcess = spawn(process.execPath, [script], { stdio: "ignore" });
    expect(await eventually(() => processesWith(marker).length >= 3)).toBe(true);
    engine.kill("SIGKILL");
    expect(await eventually(() => processesWith(marker).length === 0)).toBe(true);
    expect(isRunning(engine.pid ?? 0)).toBe(false);
  });
});

describe("a sandbox that cannot be had", () => {
  const refused = (script: string): Promise<unknown> => {
    const command = join(workspace, "bwrap");
    writeFileSync(command, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const request = { workspace, timeoutMs: 2_000, outputLimitBytes: 1_000 };
    const run = createBwrapSandbox({ spawn: processes.spawn, command }).run;
    return run({ ...request, command: ["touch", join(workspace, "ran")] });
  };
  const ran = (): boolean => {
    try {
      return readFileSync(join(workspace, "ran")).length >= 0;
    } catch {
      return false;
    }
  };

  test("is an error with a reason when bubblewrap is not installed", async () => {
    const { run } = createBwrapSandbox({
      spawn: processes.spawn,
      command: join(workspace, "absent"),
    });
    const request = { workspace, timeoutMs: 2_000, outputLimitBytes: 1_000 };
    await expect(run({ ...request, command: ["true"] })).rejects.toMatchObject({
      code: "sandbox.unavailable",
      message: expect.stringContaining("bubblewrap is not installed"),
      hint: expect.stringContaining("apt install bubblewrap"),
    });
  });

  test.each([
    ["bwrap: setting up uid map: Permission denied", /AppArmor/],
    ["bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted", /AppArmor/],
    [
      "bwrap: Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces exceeded (ENOSPC)",
      /limit on user namespaces/,
    ],
    ["bwrap: No permissions to create a new namespace", /create namespaces/],
    ["bwrap: Unknown option --disable-userns", /too old/],
    ["bwrap: prctl(PR_SET_SECCOMP): Invalid argument", /filter of system calls/],
    [
      "prlimit: failed to set the NPROC resource limit: Operation not permitted",
      /limit of the sandbox/,
    ],
  ])("is an error that explains: %s", async (said, reason) => {
    await expect(refused(`echo "${said}" >&2; exit 1`)).rejects.toMatchObject({
      code: "sandbox.unavailable",
      message: expect.stringMatching(reason),
      hint: expect.stringMatching(/\S/),
    });
    expect(ran()).toBe(false);
  });

  test("is an error even if bubblewrap ends well without having started the command", async () => {
    await expect(refused("exit 0")).rejects.toMatchObject({ code: "sandbox.unavailable" });
    await expect(refused("exec sleep 60")).rejects.toMatchObject({
      code: "sandbox.unavailable",
      message: expect.stringContaining("no answer in time"),
    });
  });

  test.each(["/", "/usr", "/proc", "/proc/self", "/dev/shm", "/etc", "/tmp"])(
    "refuses %s as a workspace",
    async (folder) => {
      await expect(sh(folder, "true")).rejects.toMatchObject({ code: "sandbox.folder_refused" });
    },
  );

  test("refuses a workspace that is not there, or not named by its whole path", async () => {
    for (const folder of [join(workspace, "absent"), "relative"]) {
      await expect(sh(folder, "true")).rejects.toMatchObject({ code: "sandbox.folder_refused" });
    }
  });
});
