import { z } from "zod";
import { type Clock, systemClock } from "../base/clock.ts";
import { Agent33Error, toAgent33Error } from "../base/errors.ts";
import { createDockerApi, type DockerAnswer, type DockerApi } from "./docker-api.ts";
import { containerBody } from "./docker-container.ts";
import { createFrameReader } from "./docker-output.ts";
import { createMarkFinder } from "./launch.ts";
import { createOutputCapture } from "./output-capture.ts";
import { sandboxUnavailable, wrongMachine } from "./refusal.ts";
import { type Sandbox, sandboxLimits, type SandboxRequest, type SandboxResult } from "./sandbox.ts";
import { ociSeccomp } from "./seccomp-oci.ts";
import { shownPath } from "./view.ts";
import { firstOf, within } from "./waiting.ts";

export interface DockerOptions {
  readonly clock?: Clock;
  /** The socket that Docker's engine listens on. */
  readonly socketPath: string;
  /** The image that commands run in. It is never pulled from here. */
  readonly image: string;
}

const infoSchema = z.object({
  ServerVersion: z.string(),
  OSType: z.string(),
  Runtimes: z.record(z.string(), z.unknown()).default({}),
});
const imageSchema = z.object({
  Config: z.object({ Env: z.array(z.string()).nullish() }).nullish(),
});
const createdSchema = z.object({ Id: z.string().regex(/^[0-9a-f]+$/) });
const waitSchema = z.object({ StatusCode: z.int() });
const messageSchema = z.object({ message: z.string() });

const probeTimeoutMs = 20_000;
const drainMs = 1_000;

/** What was found out about the engine and the image. */
interface Engine {
  readonly version: string;
  readonly runtime: "runsc" | undefined;
  readonly imageEnv: readonly string[];
}

/**
 * Commands in a container of Docker, one each, made before and removed after it, in gVisor where
 * that Docker has it. The programs are those of the image, not of this machine.
 */
export function createDockerSandbox(options: DockerOptions): Sandbox {
  const { clock = systemClock, socketPath, image } = options;
  const docker = createDockerApi(socketPath);
  const runInside = async (
    request: Omit<SandboxRequest, "workspace"> & { readonly workspace?: string },
  ): Promise<SandboxResult> => {
    request.signal?.throwIfAborted();
    const seccomp = ociSeccomp(process.arch);
    if (seccomp === undefined) {
      throw sandboxUnavailable(wrongMachine(process.platform, process.arch));
    }
    const workspace = request.workspace === undefined ? undefined : shownPath(request.workspace);
    const limits = sandboxLimits(request);
    const { env = {}, readOnlyBinds: readOnly = [], command } = request;
    const where = workspace === undefined ? {} : { cwd: workspace };
    const writable = workspace === undefined ? [] : [workspace];
    const view = { writable, readOnly, env, tmpBytes: limits.fileSizeBytes, ...where };
    const { runtime, imageEnv } = await examine(docker, image);
    const body = containerBody({ image, imageEnv, runtime, view, limits, seccomp, command });
    return runContainer(docker, clock, body, request);
  };

  return {
    driver: "docker",
    probe: async (workspace) => {
      try {
        const { version, runtime } = await examine(docker, image);
        const trial = { timeoutMs: probeTimeoutMs, outputLimitBytes: 4_096 };
        const where = workspace === undefined ? {} : { workspace };
        const { exitCode, stderr } = await runInside({ command: ["true"], ...trial, ...where });
        if (exitCode !== 0) {
          const reason = `A command that does nothing failed in ${image}: ${stderr.trim()}`;
          return { available: false, reason, hint: "Choose another image with sandbox.image." };
        }
        const inside = runtime === undefined ? "" : " with gVisor";
        return { available: true, driver: "docker", version: `${version}${inside}`, notices: [] };
      } catch (thrown) {
        const error = toAgent33Error(thrown);
        return { available: false, reason: error.message, hint: error.hint ?? "Try again." };
      }
    },
    run: async (request) => {
      try {
        return await runInside(request);
      } catch (error) {
        const { code, message, hint = "Start Docker." } = toAgent33Error(error);
        if (code !== "sandbox.docker_unreachable") throw error;
        throw sandboxUnavailable({ reason: message, hint });
      }
    },
  };
}

/** @throws Agent33Error `sandbox.unavailable`, `sandbox.docker_unreachable` */
async function examine(docker: DockerApi, image: string): Promise<Engine> {
  const info = read(infoSchema, await docker.ask("GET", "/info"), "tell about itself");
  if (info.OSType !== "linux") {
    throw sandboxUnavailable({
      reason: `This Docker runs ${info.OSType} containers.`,
      hint: "Switch it to Linux containers.",
    });
  }
  const found = await docker.ask("GET", `/images/${encodeURIComponent(image)}/json`);
  if (found.status === 404) {
    throw sandboxUnavailable({
      reason: `Docker does not have the image ${image}.`,
      hint: `Fetch it with docker pull ${image}, or name another one with sandbox.image.`,
    });
  }
  const { Config } = read(imageSchema, found, "tell about the image");
  return {
    version: info.ServerVersion,
    runtime: Object.hasOwn(info.Runtimes, "runsc") ? "runsc" : undefined,
    imageEnv: Config?.Env ?? [],
  };
}

async function runContainer(
  docker: DockerApi,
  clock: Clock,
  body: unknown,
  request: Pick<SandboxRequest, "timeoutMs" | "outputLimitBytes" | "signal">,
): Promise<SandboxResult> {
  const startedAt = clock.monotonic();
  const created = await docker.ask("POST", "/containers/create", body);
  const { Id } = read(createdSchema, created, "make a container");
  const container = `/containers/${Id}`;
  try {
    const stdout = createOutputCapture(request.outputLimitBytes);
    const stderr = createOutputCapture(request.outputLimitBytes);
    const mark = createMarkFinder();
    const frames = createFrameReader({
      onStdout: (chunk) => stdout.push(chunk),
      onStderr: (chunk) => {
        const own = mark.push(chunk);
        if (own !== undefined) stderr.push(own);
      },
    });
    const { status, stream } = await docker.follow(
      `${container}/attach?stream=1&stdout=1&stderr=1`,
    );
    check({ status, body: undefined }, "follow a container's output");
    const drained = new Promise<void>((resolve) => {
      stream.on("data", frames);
      stream.once("close", resolve);
      // What was sent until then is kept; the wait tells how the container ended.
      stream.once("error", () => resolve());
    });
    check(await docker.ask("POST", `${container}/start`), "start a container");
    const ended = docker.ask("POST", `${container}/wait`);
    const how = await firstOf(ended, clock, request.timeoutMs, request.signal);
    if (how !== "exited") {
      // It may have ended by itself meanwhile; its removal ends it in any case.
      await docker.ask("POST", `${container}/kill`);
      await within(drainMs, ended, clock);
    }
    await within(drainMs, drained, clock);
    stream.destroy();
    if (how === "cancelled") request.signal?.throwIfAborted();
    const exitCode =
      how === "timeout" ? null : read(waitSchema, await ended, "wait for a container").StatusCode;
    if (!mark.found && how === "exited") {
      throw sandboxUnavailable({
        reason: `The container ended with exit code ${exitCode} before the command began. It said: ${mark.said()}`,
        hint: "The image needs /bin/sh. Choose another one with sandbox.image.",
      });
    }
    return {
      exitCode,
      signal: how === "timeout" ? "SIGKILL" : null,
      stdout: stdout.text(),
      stderr: stderr.text(),
      truncated: stdout.truncated || stderr.truncated,
      timedOut: how === "timeout",
      durationMs: clock.monotonic() - startedAt,
    };
  } finally {
    await remove(docker, container);
  }
}

/** @throws Agent33Error `sandbox.kill_failed` */
async function remove(docker: DockerApi, container: string): Promise<void> {
  const { status, body } = await docker.ask("DELETE", `${container}?force=true&v=true`);
  if (status < 300 || status === 404) return;
  throw new Agent33Error(
    "sandbox.kill_failed",
    `Docker did not remove a container: ${messageIn(body) ?? `status ${status}`}.`,
    { hint: `Remove it by hand: docker rm --force ${container.slice("/containers/".length)}` },
  );
}

function read<T>(schema: z.ZodType<T>, answer: DockerAnswer, what: string): T {
  check(answer, what);
  const parsed = schema.safeParse(answer.body);
  if (parsed.success) return parsed.data;
  throw sandboxUnavailable({
    reason: `Docker's answer is not understood when it should ${what}.`,
    hint: "See whether what listens on sandbox.dockerSocket is a Docker of version 20.10 or newer.",
  });
}

function check({ status, body }: DockerAnswer, what: string): void {
  if (status >= 200 && status < 300) return;
  throw sandboxUnavailable({
    reason: `Docker did not ${what}: ${messageIn(body) ?? `status ${status}`}.`,
    hint: "Try the same by hand with docker run to see more.",
  });
}

function messageIn(body: unknown): string | undefined {
  const parsed = messageSchema.safeParse(body);
  return parsed.success ? parsed.data.message : undefined;
}
