import type { LoadedSkill } from "../tools/tool.ts";

/** A piece of know-how that an agent can load: one folder with a `SKILL.md` (Agent Skills format). */
export interface Skill {
  /** What the agent calls it by. */
  readonly name: string;
  /** What it is for and when to use it: all that an agent sees before it loads the skill. */
  readonly description: string;
  /** The text of `SKILL.md` after its front matter. */
  readonly body: string;
  /** Absolute path of the folder. */
  readonly dir: string;
  /** The folder's other files, with `/` between the parts, sorted. */
  readonly files: readonly string[];
  /** SHA-256 over all files of the folder: a changed skill is a changed skill. */
  readonly digest: string;
  readonly license: string | undefined;
  readonly compatibility: string | undefined;
  /** What its author calls this state of it. */
  readonly version: string | undefined;
  /**
   * Patterns of all that may be called once it is loaded; undefined where it does not limit that.
   * It gives no rights: policy decides about what it allows.
   */
  readonly allowedTools: readonly string[] | undefined;
  /** Patterns of what may not be called once it is loaded. */
  readonly disallowedTools: readonly string[];
  /** Patterns of what a person has to be asked about once it is loaded. */
  readonly approvalTools: readonly string[];
  /** What it says that it builds on. */
  readonly dependencies: readonly SkillDependency[];
  /** False for a skill that only people, by an agent's definition, can choose. */
  readonly modelMayLoad: boolean;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Something that a skill builds on. */
export interface SkillDependency {
  readonly name: string;
  /** `skill` where it says so; else it is one where a skill has that name, or a package. */
  readonly kind: "skill" | "unsaid";
  readonly optional: boolean;
}

/**
 * Something odd about a skill folder. A `notice` was put up with; after an `issue` there is no
 * skill.
 */
export interface SkillNotice {
  readonly level: "notice" | "issue";
  /** `skills.name_differs`, `skills.front_matter_missing`, … */
  readonly code: string;
  /** The skill's folder, relative to the folder that was searched. */
  readonly folder: string;
  /** Where in it; `SKILL.md` where nothing else is said. */
  readonly file?: string;
  /** Line in that file, from 1, where it is known. */
  readonly line?: number;
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
}

/** A notice as one line for a person. */
export function formatSkillNotice({ folder, file, line, message }: SkillNotice): string {
  const other = file === undefined || file === "SKILL.md" ? "" : `${file}: `;
  return `skill ${folder}: ${other}${line === undefined ? "" : `line ${line}: `}${message}`;
}

/** What holds for an agent that loads a skill. */
export function loadedSkillOf(skill: Skill): LoadedSkill {
  const { name, digest, allowedTools, disallowedTools, approvalTools } = skill;
  return {
    name,
    digest,
    ...(allowedTools === undefined ? {} : { allowedTools }),
    disallowedTools,
    approvalTools,
  };
}
