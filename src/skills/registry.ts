import { globMatcher } from "../base/glob.ts";
import { Agent33Error, isAgent33Error } from "../base/errors.ts";
import { suggestName } from "../base/nearest.ts";
import { dependencyNotices } from "./dependencies.ts";
import { teller } from "./irregularities.ts";
import { discover } from "./load.ts";
import type { Skill, SkillNotice } from "./skill.ts";

/** A folder that holds skills, one folder each. */
export interface SkillPlace {
  readonly path: string;
  /** As it stands in the settings. */
  readonly shown: string;
  /** Whether somebody counts on its being there. */
  readonly isExpected: boolean;
}

/** What people have said about skills. */
export interface SkillChoices {
  /** Patterns of names. */
  readonly disabled: readonly string[];
  /** Tenants by patterns of names: only these get such a skill. */
  readonly tenants: Readonly<Record<string, readonly string[]>>;
  /** Digests of skills as they were when somebody took them for good, by name. */
  readonly pins: Readonly<Record<string, { readonly digest: string }>>;
}

/**
 * `enabled`: runs get it. `disabled`: the settings say that none does. `hidden`: not for this
 * tenant. `shadowed`: a skill of the same name comes first.
 */
export type SkillStatus = "enabled" | "disabled" | "hidden" | "shadowed";

/** A skill among all that there are. */
export interface SkillEntry {
  readonly skill: Skill;
  /** The folder of skills that it was found in. */
  readonly place: SkillPlace;
  readonly status: SkillStatus;
  /** How it stands to what was taken for good; `none` where nobody has said anything. */
  readonly pin: "same" | "changed" | "none";
}

/** All skills of some folders. */
export interface SkillRegistry {
  /** By name, and then in the order of the folders. */
  readonly entries: readonly SkillEntry[];
  readonly notices: readonly SkillNotice[];
}

/**
 * Reads all skills of some folders. A name means the skill of the first folder that has it, whether
 * that one can be used or not: hiding or disabling a skill never brings out another of its name.
 * @param places first those that come first
 */
export async function readRegistry(
  places: readonly SkillPlace[],
  choices: SkillChoices,
  tenant: string,
): Promise<SkillRegistry> {
  const notices: SkillNotice[] = [];
  const first = new Map<string, SkillPlace>();
  const entries: SkillEntry[] = [];
  const isDisabled = globMatcher(choices.disabled);
  for (const place of places) {
    const found = await skillsAt(place, notices);
    for (const skill of found) {
      const earlier = first.get(skill.name);
      if (earlier !== undefined) {
        const tell = teller(notices, `${place.shown}/${skill.name}`);
        tell("shadowed", `the skill of this name in ${earlier.shown} comes first`);
      }
      const status =
        earlier !== undefined
          ? "shadowed"
          : isDisabled(skill.name)
            ? "disabled"
            : mayHave(choices.tenants, skill.name, tenant)
              ? "enabled"
              : "hidden";
      first.set(skill.name, earlier ?? place);
      // What was taken for good is the skill that the name means.
      const pin = status === "shadowed" ? "none" : pinOf(skill, choices.pins);
      entries.push({ skill, place, status, pin });
    }
  }
  notices.push(...dependencyNotices(entries.filter(({ status }) => status === "enabled")));
  const named = Map.groupBy(entries, ({ skill }) => skill.name);
  const names = [...named.keys()].sort();
  return { entries: names.flatMap((name) => named.get(name) ?? []), notices };
}

async function skillsAt(place: SkillPlace, notices: SkillNotice[]): Promise<readonly Skill[]> {
  try {
    const found = await discover(place.path);
    const where = (folder: string): string => `${place.shown}/${folder}`;
    notices.push(...found.notices.map((said) => ({ ...said, folder: where(said.folder) })));
    return found.skills;
  } catch (error) {
    if (!isAgent33Error(error)) throw error;
    if (error.code !== "skills.folder_not_found" || place.isExpected) {
      teller(notices, place.shown)("place_unreadable", error.message);
    }
    return [];
  }
}

/** Every pattern that a name fits has to name the tenant: a narrower one cannot open a wider one. */
function mayHave(tenants: SkillChoices["tenants"], name: string, tenant: string): boolean {
  return Object.entries(tenants)
    .filter(([pattern]) => globMatcher([pattern])(name))
    .every(([, those]) => those.includes(tenant));
}

function pinOf({ name, digest }: Skill, pins: SkillChoices["pins"]): SkillEntry["pin"] {
  const pin = Object.hasOwn(pins, name) ? pins[name] : undefined;
  if (pin === undefined) return "none";
  return pin.digest === digest ? "same" : "changed";
}
/** The entry that a name means. @throws Agent33Error `skills.unknown` */
export function entryNamed({ entries }: SkillRegistry, name: string): SkillEntry {
  const found = entries.find(({ skill, status }) => skill.name === name && status !== "shadowed");
  if (found !== undefined) return found;
  const names = entries.map(({ skill }) => skill.name);
  throw new Agent33Error("skills.unknown", `There is no skill "${name}".`, {
    hint:
      names.length === 0
        ? "Put skills into .agent33/skills, or name other folders with the setting `skills.folders`."
        : suggestName(name, names),
  });
}
