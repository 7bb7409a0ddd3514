import { existsSync } from "node:fs";
import { z } from "zod";
import { Agent33Error } from "../../base/errors.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { ChosenSandbox } from "../../sandbox/choose.ts";
import { defineTool } from "../../tools/define.ts";
import type { Tool } from "../../tools/tool.ts";
import { shellError } from "./errors.ts";
import { renderResult } from "./result.ts";

export interface ShellToolOptions {
  /** What was found on this machine for this workspace. */
  readonly chosen: ChosenSandbox;
  /** The workspace folder, absolute. */
  readonly workspace: string;
  /** For a command that names no limit of its own, seconds. Default 60. */
  readonly defaultTimeoutSeconds?: number;
  /** The most that a command may name. Default 600. */
  readonly maxTimeoutSeconds?: number;
  /** Of standard output and of standard error each. Default 32 KiB. */
  readonly outputLimitBytes?: number;
  /** Variables that every command gets besides the sandbox's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** What policy knows it by. Default `shell:sandbox`. */
  readonly source?: "shell:sandbox" | "shell:trial";
  /** Set where the sandbox is a whole environment, made for one task. */
  readonly isWhole?: boolean;
}

/** Starting the sandbox, and ending what a command leaves behind, takes time beyond the command's. */
const overheadMs = 15_000;

function inSandbox(shell: string): string {
  return `Runs a command line with ${shell} in a sandbox, in the workspace folder, and gives its exit code and output. There is no network. Only the workspace can be changed; /tmp is empty at the start of each command and gone after it. Every command starts anew: a changed folder, variables and background processes do not last. Nothing can be typed into it.`;
}

function inEnvironment(shell: string): string {
  return `Runs a command line with ${shell} in the task's folder, and gives its exit code and output. Files that it changes stay. Every command starts anew: a changed folder, variables and background processes do not last. Nothing can be typed into it.`;
}

/**
 * The tool `run_command`: a shell command in the sandbox. There is no such tool without a sandbox.
 * Its source is on the surface `shell`, which policy packs ask a person about; in a trial it is
 * `shell:trial`, which they may tell apart. Its effect is a write: nothing but the workspace can be
 * changed. It cannot repeat: what a command does twice is unknown.
 * @returns the tool, or `shell.sandbox_unavailable` with the probe's reason
 */
export function shellTool(options: ShellToolOptions): Result<Tool> {
  const { chosen, workspace, outputLimitBytes = 32 * 1024 } = options;
  const { defaultTimeoutSeconds = 60, maxTimeoutSeconds = 600 } = options;
  const { source = "shell:sandbox", isWhole = false, env = {} } = options;
  if (!("sandbox" in chosen)) {
    const { reason, hint } = chosen.probe;
    return err(
      new Agent33Error(
        "shell.sandbox_unavailable",
        `There is no shell tool, because commands cannot be sandboxed here. ${reason}`,
        { hint },
      ),
    );
  }
  const { sandbox } = chosen;
  // An image has programs of its own, of which only sh is sure to be there.
  const shell = sandbox.driver !== "docker" && existsSync("/bin/bash") ? "bash" : "sh";
  const tool = defineTool({
    name: "run_command",
    description: isWhole ? inEnvironment(shell) : inSandbox(shell),
    input: z.strictObject({
      command: z
        .string()
        .min(1)
        .max(32 * 1024)
        .regex(/^[^\0]*$/, "must not contain the character NUL")
        .describe(`The command line, as ${shell} reads it.`),
      timeout_seconds: z
        .int()
        .min(1)
        .max(maxTimeoutSeconds)
        .default(defaultTimeoutSeconds)
        .describe("After this many seconds the command and all that it started are ended."),
    }),
    effect: "write",
    repeat: "once",
    staysInWorkspace: true,
    source,
    timeoutMs: maxTimeoutSeconds * 1_000 + overheadMs,
    run: async ({ command, timeout_seconds: timeoutSeconds }, { signal }) => {
      try {
        const result = await sandbox.run({
          command: [shell, "-c", command],
          workspace,
          env,
          timeoutMs: timeoutSeconds * 1_000,
          outputLimitBytes,
          signal,
        });
        return renderResult(result, timeoutSeconds);
      } catch (error) {
        throw shellError(error) ?? error;
      }
    },
  });
  return ok(tool);
}
