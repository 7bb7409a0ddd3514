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
  /** Tools that the skill recommends. A recommendation only: policy decides what is allowed. */
  readonly allowedTools: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
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
  readonly message: string;
}

/** A notice as one line for a person. */
export function formatSkillNotice({ folder, message }: SkillNotice): string {
  return `skill ${folder}: ${message}`;
}
