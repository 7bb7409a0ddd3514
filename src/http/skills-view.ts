import { z } from "zod";
import type { SkillAddition, SkillCheck, SkillEntry } from "../engine.ts";

type Skill = SkillEntry["skill"];

const noticeSchema = z
  .strictObject({
    level: z.enum(["notice", "issue"]),
    code: z.string(),
    folder: z.string(),
    file: z.string().exactOptional(),
    line: z.int().exactOptional(),
    message: z.string(),
    hint: z.string().exactOptional(),
  })
  .meta({ id: "SkillNotice" });

const facts = {
  name: z.string(),
  description: z.string(),
  digest: z.string(),
  version: z.string().nullable(),
  license: z.string().nullable(),
  compatibility: z.string().nullable(),
  files: z.array(z.string()).describe("besides SKILL.md"),
  allowedTools: z.array(z.string()).nullable().describe("null where it does not limit that"),
  disallowedTools: z.array(z.string()),
  approvalTools: z.array(z.string()),
};

const standing = {
  status: z.enum(["enabled", "disabled", "hidden", "shadowed"]).describe("whether runs get it"),
  pin: z.enum(["same", "changed", "none"]).describe("how it stands to what was taken for good"),
};

export const skillSchema = z.strictObject({ ...facts, ...standing }).meta({ id: "Skill" });

export const wholeSkillSchema = z
  .strictObject({ ...facts, ...standing, body: z.string() })
  .meta({ id: "WholeSkill" });

function factsOf(skill: Skill) {
  const { name, description, digest, files, disallowedTools, approvalTools } = skill;
  return {
    name,
    description,
    digest,
    version: skill.version ?? null,
    license: skill.license ?? null,
    compatibility: skill.compatibility ?? null,
    files: [...files],
    allowedTools: skill.allowedTools === undefined ? null : [...skill.allowedTools],
    disallowedTools: [...disallowedTools],
    approvalTools: [...approvalTools],
  };
}

/** A skill without its text, and without the folder that it stands in. */
export function skillView({ skill, status, pin }: SkillEntry): z.input<typeof skillSchema> {
  return { ...factsOf(skill), status, pin };
}

export const noticesSchema = z.array(noticeSchema);

export const additionsSchema = z
  .strictObject({
    added: z.boolean(),
    items: z.array(
      z.strictObject({
        ...facts,
        notices: noticesSchema,
        replaces: z.boolean().describe("whether one of its name was or is there"),
        shadowed: z.boolean().describe("whether another of its name comes first"),
      }),
    ),
    kept: z.int().describe("how many folders were replaced, and are kept beside the new ones"),
  })
  .meta({ id: "SkillAdditions" });

/** What was or would be added. */
export function additionsView(
  additions: readonly SkillAddition[],
  done: { readonly added: boolean; readonly kept: number },
): z.input<typeof additionsSchema> {
  const items = additions.map(({ skill, notices, replaces, shadowedBy }) => ({
    ...factsOf(skill),
    notices: [...notices],
    replaces,
    shadowed: shadowedBy.length > 0,
  }));
  return { ...done, items };
}

export const skillCheckSchema = z
  .strictObject({
    ok: z.boolean(),
    checked: z.int(),
    faults: z.array(
      noticeSchema.omit({ level: true }).extend({ severity: z.enum(["error", "warning"]) }),
    ),
    kinds: z.array(z.strictObject({ code: z.string(), count: z.int() })),
  })
  .meta({ id: "SkillCheck" });

/** What a look at skills has found. */
export function skillCheckView(found: SkillCheck): z.input<typeof skillCheckSchema> {
  return {
    ok: found.faults.every(({ severity }) => severity !== "error"),
    checked: found.checked,
    faults: [...found.faults],
    kinds: [...found.kinds],
  };
}

const fall = z.strictObject({ stage: z.string(), reason: z.string(), why: z.string() });

export const skillMatchSchema = z
  .strictObject({
    chosen: z.array(z.string()).describe("best first; empty where nothing fits"),
    checked: z.boolean().describe("whether a model looked at them"),
    searched: z.int(),
    by: z.array(z.enum(["words", "vectors"])),
    skills: z.array(
      z.looseObject({
        name: z.string(),
        digest: z.string(),
        place: z.int(),
        score: z.number(),
        kept: z.string().exactOptional(),
        fell: fall.exactOptional(),
      }),
    ),
    notices: z.array(z.string()),
  })
  .meta({ id: "SkillMatch" });
