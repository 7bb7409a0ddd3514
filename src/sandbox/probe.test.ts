import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createProcesses, type Processes } from "./process.ts";
import { probeSandbox } from "./probe.ts";
import { resolveCommand } from "./resolve-command.ts";

let folder: string;
let processes: Processes;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "agent33-probe-")));
  processes = createProcesses();
});
afterEach(async () => {
  expect(processes.live()).toEqual([]);
  rmSync(folder, { recursive: true });
});

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
    ["bwrap: Creating new namespace failed: No space left on device", /limit on user namespaces/],
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

  test("gives the version when the trial runs", async () => {
    expect(await probe(standIn("exit 0"))).toEqual({ available: true, version: "0.8.0" });
  });

  test("needs Linux", async () => {
    const answer = await probeSandbox({ spawn: processes.spawn, platform: "darwin" });
    expect(answer).toMatchObject({ available: false, reason: expect.stringContaining("Linux") });
  });

  const real = resolveCommand("bwrap", { startFolder: "/", pathEntries: ["/usr/bin", "/bin"] });
  test.runIf(real.ok)("gives an answer about the bubblewrap of this machine", async () => {
    const answer = await probeSandbox({ spawn: processes.spawn });
    expect(answer.available ? answer.version : answer.reason).toMatch(/\S/);
  });
});
