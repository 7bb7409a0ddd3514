import { describe, expect, test } from "vitest";
import { eventsOf, type TestEngine, testEngine, testHost } from "../../test/support/engine.ts";
import { temporaryFolder } from "../../test/support/temporary.ts";
import { loadConfig } from "../config/config.ts";
import { createProcesses } from "../sandbox/process.ts";
import { egressGrants } from "../boundary/egress/guard.ts";
import { findSandbox } from "./sandbox.ts";

const settingsWith = (values: Readonly<Record<string, string>>) =>
  loadConfig({
    cwd: temporaryFolder("sandbox"),
    env: {},
    flags: Object.entries(values).map(([setting, value]) => ({ setting, flag: setting, value })),
  }).settings;

describe("the sandbox of the settings", () => {
  test("is looked for on the PATH of the engine's own environment", async () => {
    const empty = temporaryFolder("no-programs");
    const host = testHost(empty, { PATH: empty });
    expect(await findSandbox(settingsWith({}), host, createProcesses())).toMatchObject({
      probe: { available: false, reason: expect.stringContaining("gVisor is not installed") },
    });
  });

  test("connects to Docker's socket under a grant of its own, which ends with the look", async () => {
    const folder = temporaryFolder("docker");
    const settings = settingsWith({
      "sandbox.driver": "docker",
      "sandbox.dockerSocket": `${folder}/absent.sock`,
    });
    expect(await findSandbox(settings, testHost(folder), createProcesses())).toMatchObject({
      probe: { available: false, reason: expect.stringContaining("nothing answers") },
    });
    expect(egressGrants().map(({ name }) => name)).not.toContain("sandbox/docker");
  });

  test("that cannot be had is an error for a run that asked for a shell", async () => {
    const empty = temporaryFolder("no-programs");
    const made = testEngine({}, undefined, { PATH: empty });
    const task = { kind: "text", text: "Do it.", workspace: temporaryFolder("work") } as const;
    const refused = async (engine: TestEngine) => {
      const { outcome, events } = await engine.run([{ text: "Done." }], { task, shell: true });
      expect(events.some(({ type }) => type === "turn.started")).toBe(false);
      return { outcome, stop: eventsOf(events, "run.finished")[0]?.stop };
    };
    expect(await refused(made)).toMatchObject({
      outcome: "failed",
      stop: {
        reason: "error",
        error: {
          code: "shell.sandbox_unavailable",
          message: expect.stringContaining("bubblewrap is not installed"),
          hint: expect.stringContaining("apt install bubblewrap"),
        },
      },
    });
    const off = testEngine({ "sandbox.driver": "none" });
    expect(await refused(off)).toMatchObject({
      stop: {
        reason: "error",
        error: {
          code: "shell.sandbox_unavailable",
          message: expect.stringContaining("sandbox.driver is none"),
        },
      },
    });
    await Promise.all([made.engine.close(), off.engine.close()]);
  });
});
