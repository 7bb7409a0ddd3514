import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import type { ScriptedTurn } from "./engine.ts";
import { temporaryFolder } from "./temporary.ts";

interface TaskParts {
  readonly turns: readonly ScriptedTurn[];
  /** The visible check; none unless given. */
  readonly check?: readonly string[];
  /** Lines of the hidden tests; they pass unless given. */
  readonly tests?: string;
}

/** A task of its own in a fresh folder: what the model says, what checks it, what judges it. */
export function taskFolder(task: TaskParts): string {
  return writeTask(join(temporaryFolder("task"), "task"), task);
}

/** The same in a folder that is named. Gives that folder. */
export function writeTask(folder: string, task: TaskParts): string {
  const check = task.check === undefined ? "" : `check = ${JSON.stringify(task.check)}\n`;
  const files: Readonly<Record<string, string>> = {
    "task.toml": `version = "1.0"\n[metadata.agent33]\nscript = "script.yaml"\n${check}`,
    "instruction.md": "Do it.",
    "script.yaml": stringify({ name: "test", turns: task.turns }),
    "environment/Dockerfile": "FROM x\nWORKDIR /app\n",
    "tests/test.sh": task.tests ?? "echo 1 > $AGENT33_LOGS_DIR/reward.txt\n",
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}
