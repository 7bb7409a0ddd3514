import { existsSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, rename } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Clock } from "../../../base/clock.ts";
import { digestOf } from "../../../base/digest.ts";
import { systemCodeOf } from "../../../base/errors.ts";
import type { Processes } from "../../../sandbox/process.ts";
import { canBoundProcesses, unboundNotice } from "../../../sandbox/process-cgroup.ts";
import type { EnvironmentDriver } from "../environment.ts";
import { type Image, imageOf, type ImageParts, openToOthers } from "./image.ts";
import { debianPackages, writeStandIns } from "./skeleton.ts";
import { standIns } from "./stand-ins/files.ts";
import { folderTools } from "./tools.ts";
import { startTrial } from "./trial.ts";
import { trialUser } from "./trial-user.ts";

export interface BwrapDriverOptions {
  readonly spawn: Processes["spawn"];
  readonly clock: Clock;
  /** Where images are kept from run to run. Other users than root must be able to reach it, if root runs this. */
  readonly cacheDir: string;
  /** The bubblewrap program. Default: `bwrap`, found on the usual folders. */
  readonly command?: string;
  /** What must stay free on the disk of trials. Default 1 GiB. */
  readonly floorBytes?: number;
}

const gibibyte = 1024 ** 3;

/**
 * Trials in bubblewrap over a root folder of their own, which a task's Dockerfile makes: its COPY,
 * ENV, WORKDIR and RUN are carried out over this machine's Debian packages, and what would be fetched
 * has stand-ins. Needs neither root nor a service.
 */
export function createBwrapDriver(options: BwrapDriverOptions): EnvironmentDriver {
  const { spawn, floorBytes = gibibyte, command: bwrap = "bwrap" } = options;
  let ready: Promise<Ready> | undefined;
  return {
    kind: "bwrap",
    prepare: async (task, signal) => {
      ready ??= makeReady(options).catch((error: unknown) => {
        // The next task tries again.
        ready = undefined;
        throw error;
      });
      const { parts, notices } = await ready;
      const images = new Map<boolean, Promise<Image>>();
      const imageFor = (withSkills: boolean, until: AbortSignal): Promise<Image> => {
        // Without skills of its own a task has one image.
        const key = withSkills && task.skillsDir !== undefined;
        const known = images.get(key) ?? imageOf(task, key, parts, until);
        images.set(key, known);
        known.catch(() => images.delete(key));
        return known;
      };
      const image = await imageFor(false, signal);
      const { network } = task.environment;
      const wished = network === "no-network" ? [] : ["there is no network inside"];
      return {
        notices: [...notices, ...wished, ...image.notices],
        digests: { image: image.digest, root: parts.rootDigest },
        start: async (place) => {
          const own = await imageFor(place.withSkills, place.signal);
          return startTrial(task, own, place, { ...parts, spawn, bwrap, floorBytes });
        },
      };
    },
  };
}

interface Ready {
  readonly parts: ImageParts;
  readonly notices: readonly string[];
}

async function makeReady(options: BwrapDriverOptions): Promise<Ready> {
  const { spawn, clock, command: bwrap = "bwrap" } = options;
  const cacheDir = resolve(options.cacheDir);
  await mkdir(cacheDir, { recursive: true, mode: 0o755 });
  const packages = debianPackages();
  const tools = folderTools(spawn, clock);
  const rootDigest = digestOf({
    packages: packages.digest,
    standIns: standIns([]).map(({ path, text }) => [path, text]),
  });
  const standInsDir = join(cacheDir, `stand-ins-${rootDigest}`);
  if (!existsSync(standInsDir)) {
    const aside = await mkdtemp(join(cacheDir, "stand-ins-new-"));
    await writeStandIns(aside, packages.names);
    await openToOthers(aside);
    try {
      await rename(aside, standInsDir);
    } catch (error) {
      await tools.remove(aside);
      const code = systemCodeOf(error);
      if (code !== "EEXIST" && code !== "ENOTEMPTY") throw error;
    }
  }
  const user = await trialUser(cacheDir, { spawn, clock });
  const unbound = user.isRoot && !(await canBoundProcesses(clock));
  const notices = [
    ...(user.notice === undefined ? [] : [user.notice]),
    ...(unbound ? [unboundNotice] : []),
  ];
  const hostEtc = readdirSync("/etc");
  const parts = { spawn, clock, bwrap, tools, cacheDir, rootDigest, user, hostEtc };
  return { parts: { ...parts, standIns: standInsDir }, notices };
}
