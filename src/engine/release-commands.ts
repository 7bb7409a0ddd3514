import type { Readable } from "node:stream";
import { Agent33Error } from "../base/errors.ts";
import type { DeclaredRunner } from "../evaluation/commands/declared.ts";
import { runCommand } from "../evaluation/commands/run-command.ts";
import { childEnvironment } from "../sandbox/child-environment.ts";
import { createProcesses } from "../sandbox/process.ts";
import { releaseGrant } from "./grants.ts";
import type { Host } from "./host.ts";

/** What a program printed and how it ended. */
export interface ToolEnd {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Programs that a release is checked with: git, and the commands that its settings declare. */
export interface ReleaseCommands {
  /**
   * Runs a program of which all output is needed, such as git.
   * @throws Agent33Error `release.output_too_long`, `sandbox.spawn_failed`
   */
  tool(command: string, args: readonly string[], cwd: string): Promise<ToolEnd>;
  readonly declared: DeclaredRunner;
}

/** The most that is read of one program's output, in bytes. */
const longestOutput = 64 * 1024 * 1024;

/** Programs of this machine, started by the sandbox's room under a grant of their own. */
export function releaseCommands(host: Pick<Host, "clock" | "env" | "nodePath">): ReleaseCommands {
  const { clock, nodePath } = host;
  const spawn = releaseGrant.bind(createProcesses(clock).spawn);
  const environment = (extra: Readonly<Record<string, string>>) =>
    childEnvironment(host.env, { nodePath, extra });
  return {
    tool: async (command, args, cwd) => {
      const env = environment({ LC_ALL: "C", GIT_TERMINAL_PROMPT: "0", GIT_OPTIONAL_LOCKS: "0" });
      const child = await spawn({ command, args, cwd, env });
      child.stdin.end();
      const [stdout, stderr, { code }] = await Promise.all([
        allOf(child.stdout, command),
        allOf(child.stderr, command),
        child.exited,
      ]);
      await child.kill(0);
      return { code, stdout, stderr };
    },
    declared: ([command, ...args], { env, ...options }) =>
      runCommand({ ...options, command, args, env: environment(env), spawn, clock }),
  };
}

async function allOf(stream: Readable, command: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    const piece = Buffer.from(chunk as Uint8Array);
    bytes += piece.length;
    if (bytes > longestOutput) {
      throw new Agent33Error(
        "release.output_too_long",
        `${command} printed more than ${longestOutput} bytes.`,
        { hint: "Look at fewer commits: name a later base." },
      );
    }
    chunks.push(piece);
  }
  return Buffer.concat(chunks).toString("utf8");
}
