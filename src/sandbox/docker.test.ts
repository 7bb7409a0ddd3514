import { chmodSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { grantTests } from "../../test/support/egress.ts";
import { type FakeBehaviour, type FakeDocker, fakeDocker } from "./docker.fixture.ts";
import { createDockerSandbox } from "./docker.ts";
import { startMark } from "./limits.ts";
import type { SandboxRequest } from "./sandbox.ts";

/** No Docker runs where these tests do: they hold the requests to the shape of its Engine API. */
grantTests("talks to a stand-in for Docker", { connect: ["/tmp/"] });

let folder: string;
let workspace: string;
let docker: FakeDocker | undefined;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "agent33-docker-")));
  workspace = realpathSync(mkdtempSync(join(tmpdir(), "agent33-docker-work-")));
});
afterEach(async () => {
  await docker?.close();
  docker = undefined;
  rmSync(folder, { recursive: true });
  rmSync(workspace, { recursive: true });
});

const sandboxWith = async (behaviour?: FakeBehaviour) => {
  const socketPath = join(folder, "docker.sock");
  if (behaviour !== undefined) docker = await fakeDocker(socketPath, behaviour);
  return createDockerSandbox({ socketPath, image: "debian:stable" });
};
const run = async (behaviour: FakeBehaviour, extras: Partial<SandboxRequest> = {}) =>
  (await sandboxWith(behaviour)).run({
    command: ["sh", "-c", "echo hi"],
    workspace,
    timeoutMs: 5_000,
    outputLimitBytes: 1_000,
    ...extras,
  });

describe("a command in Docker", () => {
  test("gives exit code, output and errors apart, and its container is removed", async () => {
    const output = [[1, "out\n"] as const, [2, "err\n"] as const, [1, "ü more\n"] as const];
    expect(await run({ output, exitCode: 3 })).toMatchObject({
      exitCode: 3,
      signal: null,
      stdout: "out\nü more\n",
      stderr: "err\n",
      truncated: false,
      timedOut: false,
    });
    expect(docker?.left()).toBe(0);
    expect(docker?.asked.map((line) => line.split("?")[0])).toEqual([
      "GET /v1.41/info",
      "GET /v1.41/images/debian%3Astable/json",
      "POST /v1.41/containers/create",
      "POST /v1.41/containers/abc123/attach",
      "POST /v1.41/containers/abc123/start",
      "POST /v1.41/containers/abc123/wait",
      "DELETE /v1.41/containers/abc123",
    ]);
  });

  test("is asked for with all of the isolation and all limits", async () => {
    chmodSync(workspace, 0o777);
    await run(
      {},
      { env: { GIVEN: "a b" }, processes: 40, memoryBytes: 2 ** 30, fileSizeBytes: 2 ** 20 },
    );
    const [body] = docker?.created ?? [];
    expect(body).toMatchObject({
      Image: "debian:stable",
      Entrypoint: [],
      Cmd: ["/bin/sh", "-c", `printf %s "$0" >&2 && exec "$@"`, startMark, "sh", "-c", "echo hi"],
      WorkingDir: workspace,
      NetworkDisabled: true,
      OpenStdin: false,
      Tty: false,
      HostConfig: {
        NetworkMode: "none",
        IpcMode: "private",
        ReadonlyRootfs: true,
        Privileged: false,
        CapDrop: ["ALL"],
        Memory: 2 ** 30,
        MemorySwap: 2 ** 30,
        PidsLimit: 40,
        Tmpfs: { "/tmp": "rw,nosuid,nodev,mode=1777,size=1048576" },
        Ulimits: [
          { Name: "core", Soft: 0, Hard: 0 },
          { Name: "fsize", Soft: 2 ** 20, Hard: 2 ** 20 },
          { Name: "nofile", Soft: 1_024, Hard: 1_024 },
          { Name: "cpu", Soft: 9, Hard: 10 },
        ],
        Mounts: [{ Type: "bind", Source: workspace, Target: workspace, ReadOnly: false }],
        LogConfig: { Type: "none" },
      },
    });
    expect(body?.["HostConfig"]).not.toHaveProperty("Runtime");
    // What is written must stay the user's: root's folder that is open to all is worked in as nobody.
    const own = process.getuid?.() ?? 0;
    expect(body?.["User"]).toBe(own === 0 ? "65534:65534" : `${own}:${process.getgid?.()}`);
  });

  test("gets what is given and nothing of the image's environment", async () => {
    await run({}, { env: { GIVEN: "a b" } });
    expect(docker?.created[0]?.["Env"]).toEqual([
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "HOME=/tmp",
      "LANG=C.UTF-8",
      "TERM=dumb",
      "GIVEN=a b",
      "SECRET_OF_IMAGE",
    ]);
  });

  test("is filtered as elsewhere: AF_VSOCK, namespaces and set-id bits among it", async () => {
    await run({});
    const host = docker?.created[0]?.["HostConfig"] as { readonly SecurityOpt: readonly string[] };
    expect(host.SecurityOpt[0]).toBe("no-new-privileges:true");
    const profile = JSON.parse(host.SecurityOpt[1]?.replace("seccomp=", "") ?? "");
    expect(profile.syscalls).toEqual(
      expect.arrayContaining([
        { names: expect.arrayContaining(["unshare", "setns", "mount"]), action: "SCMP_ACT_ERRNO" },
        {
          names: ["socket"],
          action: "SCMP_ACT_ERRNO",
          args: [{ index: 0, op: "SCMP_CMP_GE", value: 11 }],
        },
        {
          names: ["clone"],
          action: "SCMP_ACT_ERRNO",
          args: [{ index: 0, op: "SCMP_CMP_MASKED_EQ", value: 2 ** 28, valueTwo: 2 ** 28 }],
        },
      ]),
    );
  });

  test("runs in gVisor where Docker has it", async () => {
    await run({ runtimes: ["runc", "runsc"] });
    expect(docker?.created[0]).toMatchObject({ HostConfig: { Runtime: "runsc" } });
  });

  test("keeps the beginning and the end of a flood", async () => {
    const output = [[1, `begin${"x".repeat(5_000)}end`] as const];
    const result = await run({ output });
    expect(result.truncated).toBe(true);
    expect(result.stdout).toMatch(/^beginx+\n\[\d+ bytes are left out here\]\nx+end$/);
  });

  test("is killed and removed at its time", async () => {
    const result = await run({ exitCode: null, output: [[1, "begun"]] }, { timeoutMs: 100 });
    expect(result).toMatchObject({ timedOut: true, exitCode: null, stdout: "begun" });
    expect(docker?.asked).toContain("POST /v1.41/containers/abc123/kill");
    expect(docker?.left()).toBe(0);
  });

  test("is killed and removed when it is cancelled, with the caller's reason", async () => {
    const cancel = new AbortController();
    setTimeout(() => cancel.abort(new Error("enough")), 50);
    await expect(run({ exitCode: null }, { signal: cancel.signal })).rejects.toThrow("enough");
    expect(docker?.left()).toBe(0);
  });

  test("that cannot be removed is an error that names it", async () => {
    await expect(run({ removeFails: true })).rejects.toMatchObject({
      code: "sandbox.kill_failed",
      hint: expect.stringContaining("docker rm --force abc123"),
    });
  });

  test.each([
    [{ imageMissing: true }, "does not have the image debian:stable", "docker pull debian:stable"],
    [{ createFails: "invalid mount" }, "invalid mount", "by hand"],
    [{ startFails: "oci runtime error" }, "oci runtime error", "by hand"],
    [{ withoutMark: true, exitCode: 127 }, "exit code 127", "/bin/sh"],
  ])("is an error with a reason where it cannot be started: %j", async (behaviour, says, hint) => {
    await expect(run(behaviour)).rejects.toMatchObject({
      code: "sandbox.unavailable",
      message: expect.stringContaining(says),
      hint: expect.stringContaining(hint),
    });
    expect(docker?.left() ?? 0).toBe(0);
  });

  test("is an error where no Docker runs", async () => {
    const sandbox = await sandboxWith();
    const request = { workspace, timeoutMs: 1_000, outputLimitBytes: 100 };
    await expect(sandbox.run({ ...request, command: ["true"] })).rejects.toMatchObject({
      code: "sandbox.unavailable",
      message: expect.stringContaining("Docker does not run here"),
    });
  });
});

describe("the look at Docker", () => {
  test("tells its version, and whether gVisor is inside", async () => {
    const sandbox = await sandboxWith({ runtimes: ["runsc"] });
    expect(await sandbox.probe()).toEqual({
      available: true,
      driver: "docker",
      version: "28.2.2 with gVisor",
      notices: [],
    });
  });

  test("says why there is none, and what to do", async () => {
    expect(await (await sandboxWith()).probe(workspace)).toMatchObject({
      available: false,
      reason: expect.stringContaining("Docker does not run here"),
      hint: expect.stringContaining("sandbox.dockerSocket"),
    });
  });

  test("does not believe an image in which a command that does nothing fails", async () => {
    const sandbox = await sandboxWith({ exitCode: 1, output: [[2, "no such user"]] });
    expect(await sandbox.probe()).toMatchObject({
      available: false,
      reason: expect.stringContaining("no such user"),
    });
  });
});
