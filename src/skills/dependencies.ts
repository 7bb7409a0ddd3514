import { teller } from "./irregularities.ts";
import type { Skill, SkillNotice } from "./skill.ts";

/** A skill and the folder of skills that it was found in. */
interface Entry {
  readonly skill: Skill;
  readonly place: { readonly shown: string };
}

/**
 * What skills build on that is not there, and skills that build on each other in a circle. A name
 * that no skill has may be a package; it is told of only where it says of itself that it is a skill.
 */
export function dependencyNotices(entries: readonly Entry[]): readonly SkillNotice[] {
  const notices: SkillNotice[] = [];
  const known = new Map(entries.map((entry) => [entry.skill.name, entry]));
  for (const { skill, place } of entries) {
    const tell = teller(notices, `${place.shown}/${skill.name}`);
    for (const { name, kind, optional } of skill.dependencies) {
      if (known.has(name) || optional || kind !== "skill") continue;
      tell("dependency_missing", `it builds on the skill "${name}", which is not there`);
    }
  }
  for (const circle of circles(known)) {
    const [name = ""] = circle;
    const place = known.get(name)?.place.shown ?? "";
    const tell = teller(notices, `${place}/${name}`);
    tell("dependency_circle", `skills build on each other: ${[...circle, name].join(" → ")}`);
  }
  return notices;
}

/** Each circle once, beginning with the first of its names that was looked at. */
function circles(known: ReadonlyMap<string, Entry>): readonly (readonly string[])[] {
  const found: string[][] = [];
  const done = new Set<string>();
  const visit = (name: string, trail: readonly string[]): void => {
    const at = trail.indexOf(name);
    if (at >= 0) {
      found.push(trail.slice(at));
      return;
    }
    if (done.has(name)) return;
    for (const next of known.get(name)?.skill.dependencies ?? []) {
      if (known.has(next.name)) visit(next.name, [...trail, name]);
    }
    done.add(name);
  };
  for (const name of known.keys()) visit(name, []);
  return found;
}
