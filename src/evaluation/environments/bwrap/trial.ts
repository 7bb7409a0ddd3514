import { readdirSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { join, posix, relative, resolve } from "node:path";
import type { HostUser } from "../../../sandbox/host-user.ts";
import type { RootedMount } from "../../../sandbox/rooted-spawn.ts";
import { type CommandResult, runCommand } from "../../commands/run-command.ts";
import { isWithin } from "../../paths.ts";
import type { Task } from "../../tasks/task.ts";
import type { JudgeRequest, TaskEnvironment, TrialPlace } from "../environment.ts";
import { copyOut, resolveInside } from "../inside.ts";
import { removeVerdicts } from "../reward.ts";
import { placeVariables } from "../test-run.ts";
import { freeBytes, watchDisk } from "./disk-watch.ts";
import { type Image, openToOthers } from "./image.ts";
import { type Root, spawnInside, type Starter, taskLimits } from "./inside-process.ts";
import { endLeftovers } from "./leftovers.ts";
import { putBackScript, removePrograms } from "./restore.ts";
import { createTrialSandbox } from "./sandbox.ts";
import { mendTop } from "./skeleton.ts";
import { copyFolder, standInFolder } from "./stand-ins/places.ts";
import { environmentFailed, type FolderTools, withFiles } from "./tools.ts";
import { trialUser } from "./trial-user.ts";

export interface TrialParts extends Starter {
  readonly tools: FolderTools;
  readonly standIns: string;
  readonly user: HostUser;
  readonly hostEtc: readonly string[];
  /** What must stay free on the trial's disk. */
  readonly floorBytes: number;
}

const writeLimitMs = 300_000;
/** As seen from inside. */
const copied = `${standInFolder}/${copyFolder}`;
const folders = { tests: "/tests", logs: "/logs/verifier", solution: "/solution" };

/** Begins a trial in a copy of its image, of which nothing is shared with any other. */
export async function startTrial(
  task: Task,
  image: Image,
  place: TrialPlace,
  parts: TrialParts,
): Promise<TaskEnvironment> {
  const { tools, clock } = parts;
  place.signal.throwIfAborted();
  const dir = resolve(place.dir);
  const root = join(dir, "root");
  if ((await freeBytes(dir)) < parts.floorBytes) {
    throw environmentFailed(`The disk of "${dir}" is too full for a trial`);
  }
  await openToOthers(dir);
  await removeEarlier(dir, parts);
  await tools.copy(image.dir, root);
  const own = parts.user.owner === undefined ? parts.user : await trialUser(dir, parts);
  // That user cannot reach this folder, so the trial runs as root, who must own it then.
  const user = own.isRoot ? { ...own, owner: { uid: 0, gid: 0 } } : own;
  if (own.isRoot && parts.user.owner !== undefined) await tools.give(user.owner, root);

  const { storageBytes, ...limits } = taskLimits(task);
  const standIns: RootedMount = { from: parts.standIns, path: standInFolder, writable: false };
  const rootWith = (...more: readonly RootedMount[]): Root => ({
    dir: root,
    mounts: [standIns, ...more],
    user,
    limits,
  });
  const { PATH = "", ...imageEnv } = { ...image.env, ...task.environment.env };
  const { workdir } = image;
  const placesOf = (tests: string) => placeVariables({ app: workdir, tests, logs: folders.logs });
  const env = {
    ...imageEnv,
    PATH: `${standInFolder}/bin:${PATH}`,
    TAR_OPTIONS: "--no-same-owner",
    ...placesOf(folders.tests),
  };

  const overrun = new AbortController();
  const stopWatch = watchDisk({
    dir: root,
    limitBytes: storageBytes,
    floorBytes: parts.floorBytes,
    tools,
    clock,
    onExceeded: (error) => overrun.abort(error),
  });
  // Aborted where everything is to end; a new one for what comes after that.
  let ending = new AbortController();
  const running = new Set<Promise<unknown>>();
  let mended = Promise.resolve();
  const until = <Value>(
    work: (signal: AbortSignal) => Promise<Value>,
    signal: AbortSignal | undefined,
    ends: readonly AbortSignal[] = [overrun.signal],
  ): Promise<Value> => {
    const given = signal === undefined ? [] : [signal];
    // One after the other: two commands may begin at once. Each hears of its own failure only.
    mended = mended.catch(() => undefined).then(() => mendTop(root, tools, user.owner));
    const done = mended.then(() =>
      work(AbortSignal.any([ending.signal, place.signal, ...ends, ...given])),
    );
    running.add(done);
    const forget = () => running.delete(done);
    done.then(forget, forget);
    return done;
  };
  const endAll = async (): Promise<void> => {
    ending.abort();
    await Promise.allSettled(running);
    await endLeftovers(root, clock);
    ending = new AbortController();
  };
  const inside = (
    [command, ...args]: readonly [string, ...string[]],
    timeoutMs: number,
    given: Root = rootWith(),
  ) => ({ command, args, timeoutMs, clock, spawn: spawnInside(parts, given, timeoutMs) });

  /** Files are written by a command inside: no link that is there leads it to this machine. */
  const writeInside = async (
    shown: string,
    words: readonly [string, ...string[]],
    what: string,
    ends?: readonly AbortSignal[],
  ): Promise<void> => {
    const start = inside(
      words,
      writeLimitMs,
      rootWith({ from: shown, path: copied, writable: false }),
    );
    const work = (signal: AbortSignal) =>
      runCommand({ ...start, cwd: "/", env: systemEnv, signal });
    const { end, output } = await until(work, undefined, ends);
    if (end.kind === "exited" && end.status.code === 0) return;
    if (ends === undefined) overrun.signal.throwIfAborted();
    throw environmentFailed(`${what}: ${output.trim() || end.kind}`);
  };
  const put = async (from: string, to: string): Promise<void> => {
    const staging = await mkdtemp(join(dir, "put-"));
    try {
      await openToOthers(staging);
      const staged = join(staging, "given");
      await withFiles(`"${from}" cannot be copied`, () =>
        cp(from, staged, { recursive: true, verbatimSymlinks: true }),
      );
      await tools.give(user.owner, staged);
      const script = `if [ -d "$1" ]; then mkdir -p "$2" && cp -a "$1/." "$2/"; else mkdir -p "$(dirname "$2")" && cp -a "$1" "$2"; fi`;
      const words = ["/bin/sh", "-c", script, "sh", `${copied}/given`, to] as const;
      await writeInside(staging, words, `Files cannot be put to ${to}`);
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
  };

  const judge = async (request: JudgeRequest): Promise<CommandResult> => {
    const { testsAt = folders.tests } = request;
    await endAll();
    const places = { workdir, hostEtc: parts.hostEtc };
    const back = await withFiles("The verifier cannot be prepared", () =>
      removePrograms(root, image.dir, places, tools),
    );
    const words = putBackScript(back, copied, workdir);
    await writeInside(image.dir, words, "The verifier cannot be prepared", []);
    const own = await mkdtemp(join(dir, "judge-"));
    try {
      await openToOthers(own);
      const mounts: RootedMount[] = [];
      for (const [name, path] of [
        ["tests", testsAt],
        ["logs", folders.logs],
      ] as const) {
        await mkdir(join(own, name));
        await mkdir(join(root, path), { recursive: true });
        mounts.push({ from: join(own, name), path, writable: true });
      }
      await withFiles("The tests cannot be copied", () =>
        cp(request.tests, join(own, "tests"), { recursive: true, verbatimSymlinks: true }),
      );
      await tools.give(user.owner, own, join(root, "logs"), join(root, testsAt));
      await openToOthers(own);
      const words = ["bash", `${testsAt}/test.sh`] as const;
      const start = inside(words, request.timeoutMs, rootWith(...mounts));
      const result = await until(
        (signal) =>
          runCommand({
            ...start,
            cwd: workdir,
            env: {
              ...env,
              AGENT33_TESTS_DIR: testsAt,
              ...request.env,
              ...judgeEnv(env.PATH),
            },
            signal,
          }),
        request.signal,
        [],
      );
      await endLeftovers(root, clock);
      await mkdir(request.logs, { recursive: true });
      await removeVerdicts(request.logs);
      await copyOut(join(own, "logs"), "/", request.logs);
      return result;
    } finally {
      await tools.remove(own);
    }
  };

  return {
    kind: "bwrap",
    workdir,
    workspace: await resolveInside(root, workdir),
    solutionDir: task.steps[0].solution?.at ?? folders.solution,
    sandbox: createTrialSandbox({
      clock,
      env,
      until,
      spawn: ({ timeoutMs }) => spawnInside(parts, rootWith(), timeoutMs),
      placeOf: (path) => (isWithin(root, path) ? posix.join("/", relative(root, path)) : workdir),
    }),
    env,
    overrun: overrun.signal,
    run: ({ command, timeoutMs, cwd = workdir, env: more, signal, outputTo }) => {
      const start = inside(command, timeoutMs);
      const file = outputTo === undefined ? {} : { outputTo };
      return until(
        (ended) => runCommand({ ...start, cwd, env: { ...env, ...more }, signal: ended, ...file }),
        signal,
      );
    },
    put,
    take: (from, to) =>
      withFiles(`"${from}" cannot be taken out`, () =>
        copyOut(root, posix.resolve(workdir, from), to),
      ),
    endAll,
    judge,
    close: async () => {
      await endAll();
      await stopWatch();
      await tools.remove(root);
    },
  };
}

/** What a trial left here whose engine was killed: its processes ended with it, its files did not. */
async function removeEarlier(dir: string, { tools, clock }: TrialParts): Promise<void> {
  const names = readdirSync(dir).filter((name) => /^(?:root$|put-|judge-|probe-)/.test(name));
  if (names.includes("root")) await endLeftovers(join(dir, "root"), clock);
  await tools.remove(...names.map((name) => join(dir, name)));
}

const systemEnv = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/", LC_ALL: "C" };

/**
 * What the verifier gets in the place of what the agent had: the system's programs come before those of
 * folders that an agent can write, and nothing is read from its home folder.
 */
function judgeEnv(path: string): Readonly<Record<string, string>> {
  const system = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];
  const own = `${standInFolder}/bin`;
  const rest = path.split(":").filter((folder) => folder !== own && !system.includes(folder));
  return { PATH: [own, ...system, ...rest].join(":"), PYTHONNOUSERSITE: "1" };
}
