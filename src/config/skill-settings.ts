import { z } from "zod";

/** Where skills are looked for when nobody says. */
export const usualSkillFolders: readonly string[] = [
  ".agent33/skills",
  ".agents/skills",
  ".claude/skills",
  "~/.agent33/skills",
  "~/.agents/skills",
  "~/.claude/skills",
];

const patterns = z.array(z.string().min(1));

/** Which skills runs get, and how much of a prompt they may take. */
export const skillSettingsSchema = z.strictObject({
  folders: patterns
    .default([...usualSkillFolders])
    .describe("folders of skills; of two skills with one name that of the earlier folder counts"),
  disabled: patterns
    .default([])
    .describe("skills that no run gets, by name; `*` stands for any characters"),
  tenants: z
    .record(z.string().min(1), z.array(z.string().min(1)))
    .default({})
    .describe("tenants that alone get the skills whose names fit, such as `payroll-*: [acme]`"),
  listTokens: z
    .int()
    .nonnegative()
    .default(4_000)
    .describe("tokens that the list of skills may take of a prompt; what is left out is said"),
});
