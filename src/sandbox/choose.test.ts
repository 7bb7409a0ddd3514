import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { grantTests } from "../../test/support/egress.ts";
import { systemClock } from "../base/clock.ts";
import { chooseSandbox, createSandboxes } from "./choose.ts";
import { createProcesses } from "./process.ts";
import type { Sandbox, SandboxDriver, SandboxProbe } from "./sandbox.ts";
import { realBubblewrap, realGvisor, titleUnless } from "./sandbox.fixture.ts";

grantTests("looks for sandboxes", { spawn: true, connect: ["/tmp/"] });

const bubblewrap = await realBubblewrap();
const gvisor = await realGvisor();
const noBubblewrap = !bubblewrap.probed.available && bubblewrap.probed.reason;
const noGvisor = !gvisor.probed.available && gvisor.probed.reason;
const unshareProgram = "unshare";

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "agent33-choose-")));
});
afterEach(() => rmSync(folder, { recursive: true }));

const driversOn = (path: string) =>
  createSandboxes({
    spawn: createProcesses().spawn,
    clock: systemClock,
    pathEntries: [path],
    dockerSocket: join(folder, "absent.sock"),
    image: "none",
  });

/** Drivers of which only some work, and what was asked of them. */
function standIns(working: readonly SandboxDriver[]) {
  const asked: SandboxDriver[] = [];
  const driver = (name: SandboxDriver): Sandbox => ({
    driver: name,
    probe: async (): Promise<SandboxProbe> => {
      asked.push(name);
      return working.includes(name)
        ? { available: true, driver: name, version: "1", notices: [] }
        : { available: false, reason: `No ${name}.`, hint: `Get ${name}.` };
    },
    run: async () => {
      throw new Error("not asked for");
    },
  });
  const drivers = {
    bubblewrap: driver("bubblewrap"),
    gvisor: driver("gvisor"),
    docker: driver("docker"),
  };
  return { drivers, asked };
}

describe("the choice of a sandbox", () => {
  test.each([
    [["bubblewrap", "gvisor", "docker"], "bubblewrap", ["bubblewrap"]],
    [["gvisor", "docker"], "gvisor", ["bubblewrap", "gvisor"]],
  ] as const)(
    "is the first of bubblewrap and gVisor that works: %j",
    async (working, is, looked) => {
      const { drivers, asked } = standIns(working);
      const chosen = await chooseSandbox("auto", drivers);
      expect(chosen).toMatchObject({
        probe: { available: true, driver: is },
        sandbox: drivers[is],
      });
      expect(asked).toEqual(looked);
    },
  );

  test("is Docker only where the settings name it, and then nothing else", async () => {
    const { drivers } = standIns(["docker"]);
    expect(await chooseSandbox("auto", drivers)).toMatchObject({
      probe: {
        available: false,
        reason: "bubblewrap: No bubblewrap. gVisor: No gvisor.",
        hint: "bubblewrap: Get bubblewrap. gVisor: Get gvisor.",
      },
    });
    expect(await chooseSandbox("docker", drivers)).toMatchObject({ sandbox: drivers.docker });
    const { drivers: others, asked } = standIns(["bubblewrap", "gvisor"]);
    expect(await chooseSandbox("docker", others)).toEqual({
      probe: { available: false, reason: "No docker.", hint: "Get docker." },
    });
    expect(asked).toEqual(["docker"]);
  });

  test("is none where the settings say so: there is no way without a sandbox", async () => {
    const { drivers, asked } = standIns(["bubblewrap"]);
    expect(await chooseSandbox("none", drivers)).toEqual({
      probe: {
        available: false,
        reason: expect.stringContaining("none"),
        hint: expect.any(String),
      },
    });
    expect(asked).toEqual([]);
  });

  test("names what to install where neither program is on PATH", async () => {
    expect(await chooseSandbox("auto", driversOn(folder))).toEqual({
      probe: {
        available: false,
        reason: "bubblewrap: bubblewrap is not installed. gVisor: gVisor is not installed.",
        hint: expect.stringMatching(/apt install bubblewrap.*apt install runsc/),
      },
    });
  });

  test.skipIf(!gvisor.probed.available)(
    titleUnless("finds gVisor where only that is on PATH", noGvisor),
    async () => {
      // Where the tests run as root, it is started as nobody.
      chmodSync(folder, 0o755);
      symlinkSync("/usr/bin/runsc", join(folder, "runsc"));
      expect(await chooseSandbox("auto", driversOn(folder))).toMatchObject({
        probe: { available: true, driver: "gvisor" },
      });
    },
  );

  test.skipIf(!bubblewrap.probed.available || !gvisor.probed.available)(
    titleUnless("says so where the kernel gives no user namespaces", noBubblewrap, noGvisor),
    () => {
      // In a namespace of its own the kernel's limit can be set to 0 without touching the machine.
      const script = `echo 0 > /proc/sys/user/max_user_namespaces && exec "$0" "$1" "$2"`;
      const main = join(import.meta.dirname, "choose-main.fixture.ts");
      const words = ["sh", "-c", script, process.execPath, main, folder];
      const { stdout, stderr } = spawnSync(
        unshareProgram,
        ["--user", "--map-root-user", ...words],
        { encoding: "utf8" },
      );
      expect(stderr).not.toMatch(/Error/);
      expect(JSON.parse(stdout)).toEqual({
        available: false,
        reason: expect.stringMatching(
          /bubblewrap: The kernel's limit on user namespaces is reached or is 0\..*gVisor: The kernel's limit on user namespaces is reached or is 0/,
        ),
        hint: expect.stringContaining("user.max_user_namespaces"),
      });
    },
  );
});
