import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Files by their paths; undefined takes one out of those that a whole task has. */
export type TaskFiles = Readonly<Record<string, string | undefined>>;

async function write(dir: string, files: TaskFiles): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    if (text === undefined) continue;
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
  return dir;
}

/** Writes a small whole task in the layout of `task.toml`. */
export function writeTomlTask(dir: string, files: TaskFiles = {}): Promise<string> {
  return write(dir, {
    "task.toml": 'version = "1.0"\n',
    "instruction.md": "Do it.\n",
    "environment/Dockerfile": "FROM x\nWORKDIR /app\n",
    "tests/test.sh": "exit 0\n",
    ...files,
  });
}

/** Writes a small whole task in the layout of `task.md`. */
export function writeDocumentTask(dir: string, files: TaskFiles = {}): Promise<string> {
  return write(dir, {
    "task.md": '---\nschema_version: "1.3"\n---\nDo it.\n',
    "environment/Dockerfile": "FROM x\nWORKDIR /app\n",
    "verifier/test.sh": "exit 0\n",
    ...files,
  });
}
