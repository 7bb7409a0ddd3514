import { existsSync } from "node:fs";
import { relative, resolve } from "node:path";
import type { Config } from "../config/config.ts";
import { lockPath, readLock, writeLock } from "../config/lock.ts";
import { skillFolders } from "../skills/load.ts";
import { readSkill } from "../skills/read-skill.ts";
import { entryNamed, type SkillEntry, type SkillRegistry } from "../skills/registry.ts";
import { stageSkills } from "../skills/stage.ts";
import { type SkillFault, validateSkill } from "../skills/validate.ts";
import type { Host } from "./host.ts";
import { readSkills, skillPlaces } from "./skills.ts";

type Machine = Pick<Host, "cwd" | "env">;

/** The skills of the settings, as they are for the settings' tenant. */
export function listSkillEntries(config: Config, host: Machine): Promise<SkillRegistry> {
  const lock = readLock(lockPath(config, host.cwd));
  return readSkills(config.settings, host, lock, config.settings.tenant);
}

/** The skill that a name means. @throws Agent33Error `skills.unknown` */
export async function showSkillEntry(
  name: string,
  config: Config,
  host: Machine,
): Promise<SkillEntry> {
  return entryNamed(await listSkillEntries(config, host), name);
}

/** What a look at skills has found. */
export interface SkillCheck {
  /** How many folders were looked at. */
  readonly checked: number;
  readonly faults: readonly SkillFault[];
  /** How often each kind of fault was found, the commonest first. */
  readonly kinds: readonly { readonly code: string; readonly count: number }[];
}

/**
 * Looks at skills: at each folder that is given or, where it holds several, at those in it; without
 * any at all folders of the settings.
 * @param how `strict` holds them to the specification; `lenient` tells what a run would put up with
 * @throws Agent33Error `skills.folder_not_found`, `skills.folder_unreadable`
 */
export async function checkSkills(
  paths: readonly string[],
  how: "strict" | "lenient",
  config: Config,
  host: Machine,
): Promise<SkillCheck> {
  const roots =
    paths.length > 0
      ? paths.map((path) => resolve(host.cwd, path))
      : skillPlaces(config.settings, host)
          .filter(({ path, isExpected }) => isExpected || existsSync(path))
          .map(({ path }) => path);
  const folders = (await Promise.all(roots.map(skillFolders))).flat();
  return checkFolders(
    folders.map((dir) => ({ dir, shown: shownPath(dir, host.cwd) })),
    how,
  );
}

/**
 * Looks at the skills of an archive; nothing of it is added.
 * @throws Agent33Error `skills.archive_*`, `skills.no_skill_in_source`
 */
export async function checkArchive(file: string, how: "strict" | "lenient"): Promise<SkillCheck> {
  const staged = await stageSkills(file);
  try {
    const folders = staged.skills.map(({ dir, from }) => ({ dir, shown: from }));
    return await checkFolders(folders, how);
  } finally {
    await staged.discard();
  }
}

async function checkFolders(
  folders: readonly { readonly dir: string; readonly shown: string }[],
  how: "strict" | "lenient",
): Promise<SkillCheck> {
  const faults: SkillFault[] = [];
  for (const { dir, shown } of folders) {
    const found = how === "strict" ? await validateSkill(dir, shown) : await oddities(dir, shown);
    faults.push(...found);
  }
  return { checked: folders.length, faults, kinds: kindsOf(faults) };
}

async function oddities(dir: string, shown: string): Promise<readonly SkillFault[]> {
  const { notices } = await readSkill(dir, shown);
  return notices.map(({ level, ...notice }) => ({
    ...notice,
    severity: level === "issue" ? "error" : "warning",
  }));
}

/**
 * Takes skills for good as they are now: a run asks before it loads one that has changed since.
 * @param names all that runs get where none is given
 * @returns the file, and the skills
 * @throws Agent33Error `skills.unknown`, `config.malformed_lock`
 */
export async function pinSkills(
  names: readonly string[],
  config: Config,
  host: Machine,
): Promise<{ readonly file: string; readonly entries: readonly SkillEntry[] }> {
  const file = lockPath(config, host.cwd);
  const registry = await listSkillEntries(config, host);
  const entries =
    names.length === 0
      ? registry.entries.filter(({ status }) => status === "enabled")
      : names.map((name) => entryNamed(registry, name));
  const lock = readLock(file);
  const pins = entries.map(({ skill: { name, digest, version } }) => {
    const source = lock.skills?.[name]?.source;
    return [
      name,
      {
        digest,
        ...(version === undefined ? {} : { version }),
        ...(source === undefined ? {} : { source }),
      },
    ] as const;
  });
  writeLock(file, { ...lock, skills: { ...lock.skills, ...Object.fromEntries(pins) } });
  return { file, entries };
}

function shownPath(path: string, cwd: string): string {
  const way = relative(cwd, path);
  return way === "" ? "." : way.startsWith("..") ? path : way;
}

function kindsOf(faults: readonly SkillFault[]): SkillCheck["kinds"] {
  return [...Map.groupBy(faults, ({ code }) => code)]
    .map(([code, those]) => ({ code, count: those.length }))
    .toSorted((one, other) => other.count - one.count || (one.code < other.code ? -1 : 1));
}
