import { Agent33Error } from "../base/errors.ts";
import type { Host } from "./host.ts";
import { type ReleaseCommands, releaseCommands } from "./release-commands.ts";

/** A repository as git tells of it. No hook and no monitor of the repository is run. */
export interface Git {
  readonly folder: string;
  readonly commands: ReleaseCommands;
  /** What a git command prints. @throws Agent33Error `release.git_failed` */
  readonly run: (...args: readonly string[]) => Promise<string>;
  /** The same, or undefined where git says no. */
  readonly ask: (...args: readonly string[]) => Promise<string | undefined>;
}

const harmless = [
  "-c",
  "core.hooksPath=/dev/null",
  "-c",
  "core.fsmonitor=false",
  "-c",
  "core.quotePath=false",
  "-c",
  "log.showSignature=false",
];

/** The full hash of the commit that a name stands for; undefined where there is none. */
export async function commitNamed(git: Git, revision: string): Promise<string | undefined> {
  if (revision.startsWith("-")) return undefined;
  const found = await git.ask(
    "rev-parse",
    "--verify",
    "--quiet",
    "--end-of-options",
    `${revision}^{commit}`,
  );
  return found?.trim();
}

/** @param folder inside the repository; default: where the program was started */
export function gitIn(
  host: Pick<Host, "clock" | "env" | "nodePath" | "cwd">,
  folder: string = host.cwd,
): Git {
  const commands = releaseCommands(host);
  const start = (args: readonly string[]) =>
    commands.tool("git", [...harmless, "--no-pager", ...args], folder);
  return {
    folder,
    commands,
    run: async (...args) => {
      const { code, stdout, stderr } = await start(args);
      if (code === 0) return stdout;
      const said = stderr.trim().split("\n").at(-1) ?? "";
      throw new Agent33Error(
        "release.git_failed",
        `git ${args[0] ?? ""} failed in ${folder}: ${said === "" ? `exit code ${code}` : said}`,
        { hint: "Run it by hand in the repository; a shallow clone may lack commits." },
      );
    },
    ask: async (...args) => {
      const { code, stdout } = await start(args);
      return code === 0 ? stdout : undefined;
    },
  };
}
