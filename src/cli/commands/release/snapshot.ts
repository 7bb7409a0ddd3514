import { join, resolve } from "node:path";
import type { Command } from "commander";
import { gitIn, topOf } from "../../../release/git.ts";
import { sealKeys } from "../../../release/seal.ts";
import { groupsNamed, readReleaseSettings } from "../../../release/settings.ts";
import { evidenceFolder, snapshotLines, takeSnapshot } from "../../../release/snapshot.ts";
import { type CliContext, outputOf } from "../../context.ts";
import { exitCodes } from "../../exit-codes.ts";
import { oneLine } from "../../output.ts";

interface Options {
  readonly group?: readonly string[];
  readonly output?: string;
  readonly note?: boolean;
  readonly json?: boolean;
}

export function snapshotCommand(release: Command, context: CliContext): void {
  release
    .command("snapshot")
    .description("run the declared groups of commands and record what they came to at this commit")
    .option("--group <name...>", "only these groups of agent33.release.yaml")
    .option("--output <folder>", "where it is kept; default: agent33/snapshots in git's folder")
    .option("--note", "make it a git note of the commit, too")
    .option("--json", "results as JSON for programs")
    .action(async (options: Options) => {
      const output = outputOf(context, options);
      const { host } = context;
      const git = await topOf(gitIn(host), host);
      const settings = readReleaseSettings(git.folder);
      const { sealed, file } = await takeSnapshot(git, host, {
        groups: groupsNamed(settings, options.group ?? settings.packet.groups),
        keys: sealKeys(settings, git.folder),
        into:
          options.output === undefined
            ? join(await evidenceFolder(git), "snapshots")
            : resolve(host.cwd, options.output),
        note: options.note === true,
        onGroup: (name) => output.err(`running ${name}`),
      });
      const { groups, commit, dirty } = sealed.body;
      const lines = snapshotLines(sealed.body).map((line) => oneLine(line, 2_000));
      const state = dirty.length === 0 ? "clean" : `dirty (${dirty.length} files)`;
      const signed = sealed.signature === undefined ? "not signed" : "signed";
      output.out(
        output.json
          ? JSON.stringify({ file, ...sealed })
          : [...lines, `${commit.slice(0, 12)}, ${state}, ${signed}: ${file}`].join("\n"),
      );
      if (groups.some(({ problems }) => problems.length > 0)) context.exit(exitCodes.refuted);
    });
}
