import { chmodSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { grantTests } from "../../test/support/egress.ts";
import { createProcesses, type Processes } from "./process.ts";
import { probeSandbox } from "./bwrap-probe.ts";
import { resolveCommand } from "./resolve-command.ts";

grantTests("runs bubblewrap, and what stands for it", { spawn: true });

let folder: string;
let processes: Processes;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "agent33-probe-")));
  // Where the tests run as root, the stand-in is started as nobody.
  chmodSync(folder, 0o755);
  processes = createProcesses();
});
afterEach(async () => {
  expect(processes.live()).toEqual([]);
  rmSync(folder, { recursive: true });
});

/** Starts what follows `--`, without any isolation. */
const obedient = 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"';

/** A stand-in that answers `--version` and then ends as bubblewrap does on some system. */
function standIn(trial: string): string {
  const file = join(folder, "bwrap");
  const script = `#!/bin/sh\nif [ "$1" = --version ]; then echo bubblewrap 0.8.0; exit 0; fi\n${trial}\n`;
  writeFileSync(file, script, { mode: 0o755 });
  return file;
}

const probe = (command: string, timeoutMs = 5_000) =>
  probeSandbox({ spawn: processes.spawn, command, timeoutMs, platform: "linux" });

describe("probeSandbox", () => {
  test("says so when bubblewrap is not installed", async () => {
    expect(await probe(join(folder, "absent"))).toEqual({
      available: false,
      reason: "bubblewrap is not installed.",
      hint: expect.stringContaining("apt install bubblewrap"),
    });
  });

  test.each([
    ["loopback: Failed RTM_NEWADDR: Operation not permitted", /AppArmor/],
    ["bwrap: setting up uid map: Permission denied", /AppArmor/],
    [
      "bwrap: No permissions to create a new namespace, likely because the kernel does not allow it",
      /create namespaces/,
    ],
    [
      "bwrap: Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces exceeded (ENOSPC)",
      /limit on user namespaces/,
    ],
    ["bwrap: Unknown option --disable-userns", /too old/],
    ["bwrap: something new", /exit code 1/],
  ])("explains %s", async (said, reason) => {
    const answer = await probe(standIn(`echo "${said}" >&2; exit 1`));
    expect(answer).toMatchObject({ available: false, reason: expect.stringMatching(reason) });
    expect(!answer.available && answer.reason).toContain(said);
    expect(!answer.available && answer.hint).not.toBe("");
  });

  test("gives up on one that hangs, and leaves nothing running", async () => {
    const answer = await probe(standIn("sleep 60"), 200);
    expect(answer).toMatchObject({ available: false, reason: expect.stringContaining("in time") });
  });

  test("gives the version and what sets the limits when the trial runs", async () => {
    expect(await probe(standIn(obedient))).toEqual({
      available: true,
      driver: "bubblewrap",
      version: "0.8.0",
      limiter: expect.stringMatching(/^p?r?u?limit$/),
      notices: expect.any(Array),
    });
  });

  test("says so when the limits are set in the second-best way", async () => {
    const command = standIn(obedient);
    expect(
      await probeSandbox({ spawn: processes.spawn, command, limiter: "ulimit" }),
    ).toMatchObject({
      available: true,
      limiter: "ulimit",
      notices: expect.arrayContaining([expect.stringContaining("prlimit is not installed")]),
    });
  });

  test("does not believe one that ends well without having started anything", async () => {
    expect(await probe(standIn("exit 0"))).toMatchObject({ available: false });
  });

  test("needs a program that tells its version", async () => {
    const file = join(folder, "bwrap");
    writeFileSync(file, "#!/bin/sh\nexit 4\n", { mode: 0o755 });
    expect(await probe(file)).toMatchObject({
      available: false,
      reason: expect.stringContaining("exit code 4"),
    });
  });

  test("refuses a workspace that cannot be shown", async () => {
    const command = standIn(obedient);
    const workspace = join(folder, "absent");
    expect(await probeSandbox({ spawn: processes.spawn, command, workspace })).toMatchObject({
      available: false,
      reason: expect.stringContaining("does not exist"),
    });
  });

  test("needs Linux", async () => {
    const answer = await probeSandbox({ spawn: processes.spawn, platform: "darwin" });
    expect(answer).toMatchObject({ available: false, reason: expect.stringContaining("Linux") });
  });

  test("needs a processor whose system calls it knows", async () => {
    const answer = await probeSandbox({ spawn: processes.spawn, architecture: "riscv64" });
    expect(answer).toMatchObject({ available: false, reason: expect.stringContaining("riscv64") });
  });

  const real = resolveCommand("bwrap", { startFolder: "/", pathEntries: ["/usr/bin", "/bin"] });
  test.runIf(real.ok)("gives an answer about the bubblewrap of this machine", async () => {
    const answer = await probeSandbox({ spawn: processes.spawn });
    expect(answer.available ? answer.version : answer.reason).toMatch(/\S/);
  });
});
