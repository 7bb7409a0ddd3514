import type { Clock } from "../../../base/clock.ts";
import type { SpawnProcess } from "../../../boundary/hands.ts";
import type { HostUser } from "../../../sandbox/host-user.ts";
import type { Processes } from "../../../sandbox/process.ts";
import { createRootedSpawn, type RootedMount } from "../../../sandbox/rooted-spawn.ts";
import { type SandboxLimits, sandboxLimits } from "../../../sandbox/sandbox.ts";
import type { Task } from "../../tasks/task.ts";

/** A root folder that commands run over. */
export interface Root {
  readonly dir: string;
  readonly mounts: readonly RootedMount[];
  readonly user: HostUser;
  readonly limits: Omit<SandboxLimits, "cpuSeconds">;
}

/** How processes inside are begun; one starter for all root folders. */
export interface Starter {
  readonly spawn: Processes["spawn"];
  readonly clock: Clock;
  readonly bwrap: string;
}

const mebibyte = 1024 * 1024;
/** Storage that Harbor gives a task that says nothing. */
const defaultStorageMb = 10_240;
/** Address space of a process: programs reserve more of it than they use. */
const leastMemoryMb = 8_192;

/** What a task's commands may use. */
export function taskLimits({ environment }: Task): Root["limits"] & { storageBytes: number } {
  const { memoryMb = 2_048, storageMb = defaultStorageMb } = environment;
  const storageBytes = storageMb * mebibyte;
  const { cpuSeconds: _cpu, ...limits } = sandboxLimits({
    timeoutMs: 1,
    memoryBytes: Math.max(memoryMb * 2, leastMemoryMb) * mebibyte,
    fileSizeBytes: storageBytes,
    openFiles: 4_096,
    processes: 512,
  });
  return { ...limits, storageBytes };
}

/**
 * How to start a command over a root folder.
 * @param timeoutMs how long it may run; it may use twice that of each of this many processors
 */
export function spawnInside(starter: Starter, root: Root, timeoutMs: number): SpawnProcess {
  const rooted = createRootedSpawn({
    spawn: starter.spawn,
    clock: starter.clock,
    command: starter.bwrap,
  });
  const cpuSeconds = Math.ceil(timeoutMs / 1_000) * 2 * processors;
  return ({ command, args, cwd, env }) =>
    rooted({
      // That there is no such folder is the command's failure, and no fault of the machine.
      command: "/bin/sh",
      args: ["-c", 'cd -- "$0" && exec "$@"', cwd, command, ...args],
      cwd: "/",
      env,
      root: root.dir,
      mounts: root.mounts,
      user: root.user,
      limits: { ...root.limits, cpuSeconds },
    });
}

/** A process with threads on all of them uses processor time as fast as they give it. */
const processors = 8;
