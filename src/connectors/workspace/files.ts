import { constants } from "node:fs";
import { type FileHandle, lstat, open, unlink } from "node:fs/promises";
import { Agent33Error, isAgent33Error, messageOf, systemCodeOf } from "../../base/errors.ts";
import type { ToolOutput } from "../../tools/tool.ts";
import { containedPath } from "./contained-path.ts";

/** The folder that a run works in. */
export interface Workspace {
  /** Absolute. */
  readonly root: string;
  /** Folders and files within it, absolute, that are not the agent's. */
  readonly closed: readonly string[];
}

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/**
 * A whole file of the workspace. A link in the file's own place is not followed.
 * @throws Agent33Error `workspace.path_refused`, `workspace.no_folder`, `workspace.not_readable`
 */
export async function readWorkspaceFile(
  { root, closed }: Workspace,
  path: string,
  limitBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const file = await containedPath(root, path, closed);
  return withFile(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, "read", path, async (handle) => {
    const { size } = await handle.stat();
    if (size > limitBytes) {
      throw new Error(`it has ${size} bytes, and ${limitBytes} are the most`);
    }
    const bytes = new Uint8Array(size);
    const { bytesRead } = await handle.read(bytes, 0, size, 0);
    if (bytesRead !== size) throw new Error("it changed while it was read");
    return bytes;
  });
}

/**
 * Makes a file in the workspace. One that is there already is not touched.
 * @throws Agent33Error `workspace.path_refused`, `workspace.no_folder`, `workspace.not_writable`
 */
export async function writeNewFile(
  { root, closed }: Workspace,
  path: string,
  bytes: Uint8Array,
): Promise<void> {
  const file = await containedPath(root, path, closed);
  await withFile(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, "write", path, async (handle) => {
    try {
      await handle.writeFile(bytes);
    } catch (error) {
      // Half a file would be taken for a whole one.
      await unlink(file);
      throw error;
    }
  });
}

/**
 * Whether {@link writeNewFile} has a place for a file, before something is paid for its contents.
 * @throws Agent33Error as that
 */
export async function checkNewFile({ root, closed }: Workspace, path: string): Promise<void> {
  const file = await containedPath(root, path, closed);
  const there = await lstat(file).catch((error: unknown) => {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw notWritable(path, error);
  });
  if (there !== undefined) throw notWritable(path, { code: "EEXIST" });
}

/** What a tool tells of a file that it cannot use; undefined for any other failure. */
export function fileRefusal(error: unknown): ToolOutput | undefined {
  if (!isAgent33Error(error) || !error.code.startsWith("workspace.")) return undefined;
  return { content: [error.message, error.hint].filter(Boolean).join(" "), isError: true };
}

async function withFile<T>(
  file: string,
  flags: number,
  purpose: "read" | "write",
  path: string,
  use: (handle: FileHandle) => Promise<T>,
): Promise<T> {
  try {
    const handle = await open(file, flags, 0o644);
    try {
      if (!(await handle.stat()).isFile()) throw new Error("it is not a regular file");
      return await use(handle);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw purpose === "write"
      ? notWritable(path, cause)
      : new Agent33Error("workspace.not_readable", `Cannot read "${path}": ${why(cause)}.`, {
          cause,
        });
  }
}

function notWritable(path: string, cause: unknown): Agent33Error {
  return new Agent33Error("workspace.not_writable", `Cannot write "${path}": ${why(cause)}.`, {
    cause,
  });
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: "it may not be opened",
  EEXIST: "there is one of that name already",
  EISDIR: "it is a folder",
  ELOOP: "it is a symbolic link",
  ENOENT: "there is no such file",
};

function why(error: unknown): string {
  return reasons[systemCodeOf(error) ?? ""] ?? messageOf(error);
}
