import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { chmod, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { basename, join, posix } from "node:path";
import type { Clock } from "../../../base/clock.ts";
import { Agent33Error, isAgent33Error, messageOf } from "../../../base/errors.ts";
import type { SpawnProcess } from "../../../boundary/hands.ts";
import type { HostUser } from "../../../sandbox/host-user.ts";
import { runCommand } from "../../commands/run-command.ts";
import { resolveInside } from "../inside.ts";

/** Whole folders, as the system's own programs treat them: however deep, whoever may read them. */
export interface FolderTools {
  /** Copies a folder as it is, links and owners included, to a place that is not there yet. */
  copy(from: string, to: string): Promise<void>;
  /** Copies files and folders of this machine to the same places below a root folder. */
  gather(paths: readonly string[], root: string): Promise<void>;
  /** Removes files and folders, whatever their rights are. */
  remove(...paths: readonly string[]): Promise<void>;
  /** Gives files and folders with all that is in them to a user; links are not followed. */
  give(owner: HostUser["owner"], ...paths: readonly string[]): Promise<void>;
  /** What a folder takes on its disk, in bytes; undefined where that cannot be told just now. */
  size(path: string): Promise<number | undefined>;
  /** Lists the system's libraries for a root folder, without those of this machine's /usr/local. */
  loaderCache(root: string): Promise<void>;
}

const path = "/usr/sbin:/usr/bin:/sbin:/bin";
const copyLimitMs = 600_000;
const sizeLimitMs = 60_000;

export function folderTools(spawn: SpawnProcess, clock: Clock): FolderTools {
  const start = (command: string, args: readonly string[], timeoutMs: number) =>
    runCommand({
      command,
      args,
      cwd: "/",
      env: { PATH: path, LC_ALL: "C" },
      timeoutMs,
      spawn,
      clock,
    });
  const must = async (command: string, ...args: readonly string[]): Promise<void> => {
    const { end, output } = await start(command, args, copyLimitMs);
    if (end.kind === "exited" && end.status.code === 0) return;
    const last = output.trim().split("\n").at(-1) ?? "";
    throw environmentFailed(`${command} ${args.join(" ")} failed: ${last || end.kind}`);
  };
  return {
    copy: (from, to) => must("cp", "-a", "--reflink=auto", "--no-target-directory", from, to),
    gather: (paths, root) => must("cp", "-a", "--parents", ...paths, root),
    remove: async (...paths) => {
      if (paths.length === 0) return;
      // An ordinary user must first take back the rights that the agent took away.
      if (process.getuid?.() !== 0) await start("chmod", ["-R", "u+rwX", ...paths], copyLimitMs);
      await must("rm", "-rf", "--one-file-system", "--", ...paths);
    },
    give: async (owner, ...paths) => {
      if (owner === undefined) return;
      await must("chown", "-hR", `${owner.uid}:${owner.gid}`, "--", ...paths);
    },
    size: async (target) => {
      // What is removed meanwhile is no error; unreadable folders are counted by root only.
      const { stdout } = await start("du", ["-sxk", "--", target], sizeLimitMs);
      const kib = Number.parseInt(stdout, 10);
      return Number.isNaN(kib) ? undefined : kib * 1024;
    },
    loaderCache: async (root) => {
      if (!existsSync("/sbin/ldconfig")) return;
      const folder = "/etc/ld.so.conf.d";
      const lines = existsSync(folder)
        ? readdirSync(folder).flatMap((name) =>
            readFileSync(join(folder, name), "utf8").split("\n"),
          )
        : [];
      const config = join(root, "etc", "ld.so.conf");
      const own = lines.filter((line) => line.startsWith("/") && !line.startsWith("/usr/local"));
      await writeFile(config, own.map((line) => `${line}\n`).join(""));
      const cache = join(root, "etc", "ld.so.cache");
      // -X makes no links; nothing but the list is written.
      await must("/sbin/ldconfig", "-X", "-f", config, "-C", cache);
    },
  };
}

/** What keeps a task's environment from being made: never a verdict about an agent. */
export function environmentFailed(what: string, cause?: unknown): Agent33Error {
  return new Agent33Error("evaluation.environment_failed", `${what}.`, {
    hint: "Check the Dockerfile, the Debian packages of this machine, permissions and the space on the disk.",
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Does something with files of this machine; what the system refuses is `evaluation.environment_failed`. */
export async function withFiles<Value>(what: string, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (isAgent33Error(error)) throw error;
    throw environmentFailed(`${what}: ${messageOf(error)}`, error);
  }
}

/**
 * The place of a path in a root folder, its own last part not followed if it is a link.
 * @returns undefined where links go round in circles
 */
export async function placeInside(root: string, inside: string): Promise<string | undefined> {
  const folder = await resolveInside(root, posix.dirname(inside));
  return folder === undefined ? undefined : join(folder, basename(inside));
}

/**
 * Makes sure that a path is a folder: a link or a file in its place goes.
 * @returns whether it was made
 */
export async function ensureFolder(target: string): Promise<boolean> {
  const found = lstatSync(target, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) {
    // Whatever is shown there must be reached.
    if ((found.mode & 0o500) !== 0o500) await chmod(target, 0o755);
    return false;
  }
  if (found !== undefined) await rm(target);
  await mkdir(target, { recursive: true });
  return true;
}

/**
 * Makes sure that a path is this link.
 * @returns whether it was made
 */
export async function ensureLink(
  target: string,
  leadsTo: string,
  tools: FolderTools,
): Promise<boolean> {
  const found = lstatSync(target, { throwIfNoEntry: false });
  // What is right stays untouched: a command may be running over it.
  if (found?.isSymbolicLink() === true && readlinkSync(target) === leadsTo) return false;
  if (found !== undefined) await tools.remove(target);
  await symlink(leadsTo, target);
  return true;
}
