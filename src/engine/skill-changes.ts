import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { Agent33Error } from "../base/errors.ts";
import { suggestName } from "../base/nearest.ts";
import type { Config } from "../config/config.ts";
import { type Lock, lockPath, readLock, writeLock } from "../config/lock.ts";
import { putFolder, takeAway } from "../skills/install.ts";
import { entryNamed } from "../skills/registry.ts";
import { type StagedSkill, stageSkills } from "../skills/stage.ts";
import type { Skill } from "../skills/skill.ts";
import type { Host } from "./host.ts";
import { listSkillEntries } from "./skill-admin.ts";
import { skillPlaces } from "./skills.ts";

type Machine = Pick<Host, "cwd" | "env" | "clock" | "ids">;

export interface AddSkillsRequest {
  /** A folder or an archive. */
  readonly source: string;
  /** What the lock file calls it, where its place says nothing. */
  readonly calledAs?: string;
  /** Only these of its skills; all of them where none is named. */
  readonly names: readonly string[];
  /** A folder of skills; the first of the settings where none is given. */
  readonly to: string | undefined;
  readonly replace: boolean;
}

/** A skill that is about to be added. */
export interface SkillAddition {
  readonly skill: Skill;
  /** Where it lies meanwhile. */
  readonly dir: string;
  readonly notices: StagedSkill["notices"];
  /** Where it will stand. */
  readonly target: string;
  /** Whether a folder stands there already. */
  readonly replaces: boolean;
  /** Folders in which a skill of its name comes first, so that runs would not get this one. */
  readonly shadowedBy: readonly string[];
}

/** Additions that somebody has yet to agree to. */
export interface PlannedAdditions {
  readonly additions: readonly SkillAddition[];
  /**
   * Adds them and takes them for good as they are.
   * @returns where folders that were replaced are kept
   */
  carryOut(): Promise<readonly string[]>;
  /** Removes what was laid out. */
  discard(): Promise<void>;
}

/**
 * Reads what would be added; nothing of it is in place yet.
 * @throws Agent33Error `skills.*`
 */
export async function planAdditions(
  request: AddSkillsRequest,
  config: Config,
  host: Machine,
): Promise<PlannedAdditions> {
  const source = resolve(host.cwd, request.source);
  const staged = await stageSkills(source);
  try {
    const chosen = chosenOf(staged.skills, request.names);
    const places = skillPlaces(config.settings, host);
    const place = request.to === undefined ? places[0]?.path : resolve(host.cwd, request.to);
    if (place === undefined) throw noPlace();
    const { entries } = await listSkillEntries(config, host);
    const order = places.findIndex(({ path }) => path === place);
    const before = new Set(places.slice(0, Math.max(0, order)).map(({ path }) => path));
    const additions = chosen.map(({ skill, folder, dir, notices }): SkillAddition => {
      const target = join(place, folder);
      const shadowing = entries.filter(
        (entry) => entry.skill.name === skill.name && before.has(entry.place.path),
      );
      return {
        skill,
        dir,
        notices,
        target,
        replaces: existsSync(target),
        shadowedBy: shadowing.map((entry) => entry.place.shown),
      };
    });
    const taken = additions.find(({ replaces }) => replaces);
    if (taken !== undefined && !request.replace) throw existsAlready(taken);
    return {
      additions,
      carryOut: () => carryOut(additions, request, config, host),
      discard: staged.discard,
    };
  } catch (error) {
    await staged.discard();
    throw error;
  }
}

/** A skill that can be added. */
type GoodSkill = StagedSkill & { readonly skill: Skill };

/** @throws Agent33Error `skills.unknown`, `skills.not_a_skill`, `skills.exists` */
function chosenOf(staged: readonly StagedSkill[], names: readonly string[]): readonly GoodSkill[] {
  const nameOf = ({ skill, from }: StagedSkill): string => skill?.name ?? from;
  const known = staged.map(nameOf);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Agent33Error("skills.unknown", `There is no skill "${unknown}" in the source.`, {
      hint: suggestName(unknown, known),
    });
  }
  const chosen = staged.filter((one) => names.length === 0 || names.includes(nameOf(one)));
  const good = chosen.flatMap((one): readonly GoodSkill[] => {
    if (one.skill !== undefined) return [{ ...one, skill: one.skill }];
    const why = one.notices.filter(({ level }) => level === "issue").map(({ message }) => message);
    throw new Agent33Error(
      "skills.not_a_skill",
      `${one.from} cannot be added: ${why.join("; ") || "it is no skill"}.`,
      { hint: "Correct it, or name the skills that you want with --skill." },
    );
  });
  const twice = good.find(({ folder }, place) =>
    good.slice(0, place).some((other) => other.folder === folder),
  );
  if (twice === undefined) return good;
  throw new Agent33Error(
    "skills.exists",
    `The source has two skills for the folder ${twice.folder}.`,
    {
      hint: "Add the folder of one of them.",
    },
  );
}

async function carryOut(
  additions: readonly SkillAddition[],
  { source, calledAs, replace }: AddSkillsRequest,
  config: Config,
  host: Machine,
): Promise<readonly string[]> {
  const kept: string[] = [];
  const mark = markOf(host);
  for (const { dir, target } of additions) {
    const before = await putFolder(dir, target, { replace, mark });
    if (before !== undefined) kept.push(before);
  }
  const pins = additions.map(({ skill: { name, digest, version } }) => [
    name,
    { digest, ...(version === undefined ? {} : { version }), source: calledAs ?? source },
  ]);
  changeLock(config, host, (skills) => ({ ...skills, ...Object.fromEntries(pins) }));
  return kept;
}

/**
 * Takes a skill away. Its folder is kept beside the others, and can be added again.
 * @returns where it is kept
 * @throws Agent33Error `skills.unknown`
 */
export async function removeSkill(name: string, config: Config, host: Machine): Promise<string> {
  const { skill } = entryNamed(await listSkillEntries(config, host), name);
  const kept = await takeAway(skill.dir, markOf(host));
  if (kept === undefined) throw new Agent33Error("skills.unknown", `There is no skill "${name}".`);
  changeLock(config, host, ({ [name]: _gone, ...others }) => others);
  return kept;
}

function changeLock(
  config: Config,
  { cwd }: Machine,
  change: (skills: NonNullable<Lock["skills"]>) => NonNullable<Lock["skills"]>,
): void {
  const file = lockPath(config, cwd);
  const lock = readLock(file);
  const skills = change(lock.skills ?? {});
  // Nobody who has pinned nothing gets a file about nothing.
  if (lock.skills === undefined && Object.keys(skills).length === 0) return;
  writeLock(file, { ...lock, skills });
}

/** Tells folders apart that were taken away one after the other. */
function markOf({ clock, ids }: Machine): string {
  const time = new Date(clock.now()).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  return `${time.toLowerCase()}-${ids().slice(-6)}`;
}

function noPlace(): Agent33Error {
  return new Agent33Error("skills.no_place", "The settings name no folder of skills.", {
    hint: "Name one with --to, or with the setting `skills.folders`.",
  });
}

function existsAlready({ skill, target }: SkillAddition): Agent33Error {
  return new Agent33Error("skills.exists", `The skill ${skill.name} would replace ${target}.`, {
    hint: "Replace it with --replace: what is there is kept, and can be added again.",
  });
}
