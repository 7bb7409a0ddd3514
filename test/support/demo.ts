import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freshFolder, projectRoot } from "./cli.ts";

/** The task of the demo. */
export const demo = join(projectRoot, "examples/tasks/ledger-reconcile");

/** The command that runs it, or another task, on this machine. */
export const demoWords = (data: string, task = demo) => [
  "run",
  "--task",
  task,
  "--environment",
  "host",
  "--data",
  data,
];

/** Processes whose command line mentions a folder: what a run might have left behind. */
export function processesMentioning(text: string): readonly string[] {
  const list = execFileSync("ps", ["-eo", "pid,args"], { encoding: "utf8" });
  return list.split("\n").filter((line) => line.includes(text) && !line.includes("ps -eo"));
}

/** A copy of the demo, to be changed. */
export function copyOfDemo(): string {
  const task = join(freshFolder(), "ledger-reconcile");
  cpSync(demo, task, { recursive: true });
  // The servers of the project are found from the project; a copy elsewhere names its own.
  const toml = readFileSync(join(task, "task.toml"), "utf8");
  const server = join(projectRoot, "node_modules/.bin/mcp-server-filesystem");
  writeFileSync(
    join(task, "task.toml"),
    toml.replace('command = "mcp-server-filesystem"', `command = ${JSON.stringify(server)}`),
  );
  return task;
}
