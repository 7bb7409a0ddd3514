import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { z } from "zod";
import { Agent33Error, isAgent33Error, messageOf, systemCodeOf } from "../../base/errors.ts";
import { isBoundaryError } from "../../boundary/errors.ts";
import { defineTool } from "../../tools/define.ts";
import type { Tool, ToolOutput } from "../../tools/tool.ts";
import { containedPath } from "./contained-path.ts";

const lineLimit = 64 * 1024;
const fileLimit = 16 * 1024 * 1024;

/**
 * The tool `append_line`: adds one line to a file in the workspace. It cannot repeat: a second run
 * would write a second line.
 * @param root the workspace folder, absolute
 * @param closed folders and files within it, absolute, in which nothing is to be written
 */
export function appendLineTool(root: string, closed: readonly string[] = []): Tool {
  return defineTool({
    name: "append_line",
    description:
      "Appends one line to a text file in the workspace, and makes the file if there is none. Nothing that is in the file changes.",
    input: z.strictObject({
      path: z.string().min(1).max(1024).describe("The file, relative to the workspace."),
      line: z
        .string()
        .max(lineLimit)
        .regex(/^[^\r\n\u2028\u2029]*$/, "must be one line, without line breaks")
        .describe("The line's text, without a line break."),
    }),
    effect: "write",
    repeat: "once",
    staysInWorkspace: true,
    source: "tool:workspace",
    run: async ({ path, line }) => {
      try {
        return await append(await containedPath(root, path, closed), path, line);
      } catch (error) {
        return { content: explain(error, path), isError: true };
      }
    },
  });
}

async function append(file: string, path: string, line: string): Promise<ToolOutput> {
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants;
  // A link in the file's own place is not followed, and a pipe in its place is not waited for.
  const handle = await open(file, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o644);
  try {
    const before = await handle.stat();
    if (!before.isFile()) throw notWritable(path, "it is not a regular file");
    const lineBreak = (await endsOpen(handle, before.size)) ? "\n" : "";
    const data = Buffer.from(`${lineBreak}${line}\n`, "utf8");
    if (before.size + data.length > fileLimit) {
      throw notWritable(path, `it would grow beyond ${fileLimit / (1024 * 1024)} MiB`);
    }
    const { bytesWritten } = await handle.write(data);
    if (bytesWritten !== data.length) throw notWritable(path, "the disk took only a part of it");
    return { content: `Appended 1 line (${data.length} bytes) to ${path}.`, isError: false };
  } finally {
    await handle.close();
  }
}

/** Whether the last line of a file lacks its line break: then ours would be joined to it. */
async function endsOpen(handle: FileHandle, size: number): Promise<boolean> {
  if (size === 0) return false;
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  return bytesRead === 1 && buffer[0] !== 0x0a;
}

function notWritable(path: string, why: string): Agent33Error {
  return new Agent33Error("workspace.not_writable", `Cannot append to "${path}": ${why}.`);
}

/** @throws what the model cannot do anything about */
function explain(error: unknown, path: string): string {
  if (isBoundaryError(error)) throw error;
  if (isAgent33Error(error)) return [error.message, error.hint].filter(Boolean).join(" ");
  const code = systemCodeOf(error);
  if (code === "ELOOP") return `Cannot append to "${path}": it is a symbolic link.`;
  if (code === "EISDIR") return `Cannot append to "${path}": it is a folder.`;
  if (code === "EACCES") return `Cannot append to "${path}": it may not be written.`;
  return `Cannot append to "${path}": ${messageOf(error)}.`;
}
