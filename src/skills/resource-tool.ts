import { constants } from "node:fs";
import { type FileHandle, open, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { z } from "zod";
import { messageOf, systemCodeOf } from "../base/errors.ts";
import { suggestName } from "../base/nearest.ts";
import { defineTool } from "../tools/define.ts";
import type { Tool, ToolOutput } from "../tools/tool.ts";
import { loadedSkillOf, type Skill } from "./skill.ts";

/** The name by which a model reads what lies beside a skill's text. */
export const readSkillFileName = "read_skill_file";

const usualCharacters = 20_000;
const mostCharacters = 100_000;
/** A part of a file is looked for in the whole of it, which has to fit into memory. */
const largestBytes = 8 * 1024 * 1024;

/**
 * The built-in tool that hands out files of a skill's folder. Only what was listed when the skill
 * was read can be asked for, so that no path leads anywhere else; and what was a file then must not
 * have become a link since.
 */
export function createReadSkillFileTool(skills: readonly Skill[]): Tool {
  return defineTool({
    name: readSkillFileName,
    description:
      "Reads a text file that belongs to a skill, as the skill's text names it. A long file comes in parts.",
    input: z.object({
      skill: z.string().min(1).describe("The skill's name as it is listed."),
      path: z.string().min(1).describe("The file's path within the skill."),
      offset: z.int().nonnegative().default(0).describe("The first character that is wanted."),
      characters: z
        .int()
        .positive()
        .max(mostCharacters)
        .default(usualCharacters)
        .describe("How many characters at most."),
    }),
    effect: "read",
    repeat: "safe",
    source: "tool:skills",
    run: async ({ skill: name, path, offset, characters }) => {
      const skill = skills.find((each) => each.name === name);
      if (skill === undefined) {
        const names = skills.map((each) => each.name);
        return failed(`There is no skill "${name}". ${suggestName(name, names)}`);
      }
      const file = path.replace(/^(?:\.\/)+/, "");
      if (!skill.files.includes(file)) {
        const what = `The skill ${name} has no file ${JSON.stringify(path)}.`;
        return failed(`${what} ${suggestName(file, skill.files)}`);
      }
      const read = await textOf(skill, file);
      if ("fault" in read) return failed(`${file} ${read.fault}`);
      const part = read.text.slice(offset, offset + characters);
      return {
        content: `${part}${placeOf(read.text.length, offset, part.length)}`,
        isError: false,
        // Who reads a skill's files works by it, whether it has read the text or not.
        loads: loadedSkillOf(skill),
      };
    },
  });
}

function placeOf(total: number, offset: number, shown: number): string {
  if (offset === 0 && shown === total) return "";
  const end = offset + shown;
  const next = end < total ? `; go on with offset ${end}` : "";
  return `\n[characters ${offset} to ${end} of ${total}${next}]`;
}

type FileText = { readonly text: string } | { readonly fault: string };

async function textOf({ dir }: Skill, file: string): Promise<FileText> {
  const path = join(dir, file);
  let handle: FileHandle | undefined;
  try {
    const [root, real] = await Promise.all([realpath(dir), realpath(path)]);
    if (real !== join(root, ...file.split("/")) || !real.startsWith(root + sep)) {
      return { fault: "is reached through a link, which is not followed." };
    }
    handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const found = await handle.stat();
    if (!found.isFile()) return { fault: "is no file any more." };
    if (found.size > largestBytes) {
      return { fault: `has ${found.size} bytes, more than can be shown (${largestBytes}).` };
    }
    const bytes = await handle.readFile();
    if (bytes.includes(0)) return { fault: `is no text: ${found.size} bytes of binary data.` };
    return { text: new TextDecoder("utf-8").decode(bytes) };
  } catch (cause) {
    const code = systemCodeOf(cause);
    if (code === undefined) throw cause;
    return {
      fault: code === "ENOENT" ? "is not there any more." : `cannot be read: ${messageOf(cause)}`,
    };
  } finally {
    await handle?.close();
  }
}

function failed(content: string): ToolOutput {
  return { content, isError: true };
}
