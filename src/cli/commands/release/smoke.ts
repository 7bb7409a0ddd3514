import { join, resolve } from "node:path";
import type { Command } from "commander";
import { makeFolder, putFile } from "../../../base/disk.ts";
import { gitIn, topOf } from "../../../release/git.ts";
import { readPacket } from "../../../release/packet.ts";
import { sealKeys } from "../../../release/seal.ts";
import { readReleaseSettings } from "../../../release/settings.ts";
import { runSmoke, type SmokeReport } from "../../../release/smoke.ts";
import { smokeCtrf, smokeMarkdown } from "../../../release/smoke-text.ts";
import { evidenceFolder } from "../../../release/snapshot.ts";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
  withEngine,
} from "../../context.ts";
import { exitCodes } from "../../exit-codes.ts";

interface Options extends CommonOptions {
  readonly commit: string;
  readonly branch: string;
  readonly packet?: string;
  readonly output?: string;
  /** Set to false by `--no-bisect`. */
  readonly bisect: boolean;
  /** Set to false by `--no-learn`. */
  readonly learn: boolean;
}

export function smokeCommand(release: Command, context: CliContext): void {
  addCommonOptions(release.command("smoke"))
    .description("run the declared groups at a merged commit and compare them with its packet")
    .option("--commit <revision>", "what was merged", "HEAD")
    .option("--branch <name>", "branch whose last green commit is remembered", "main")
    .option("--packet <file>", "packet.json of what was merged")
    .option("--output <folder>", "default: agent33/smoke in git's folder")
    .option("--no-bisect", "do not look for the first bad merge")
    .option("--no-learn", "do not record failures as learning signals")
    .action(async (options: Options) => {
      const output = outputOf(context, options);
      const { host } = context;
      const git = await topOf(gitIn(host), host);
      const settings = readReleaseSettings(git.folder);
      const report = await runSmoke(git, host, {
        commit: options.commit,
        branch: options.branch,
        packet:
          options.packet === undefined ? undefined : readPacket(resolve(host.cwd, options.packet)),
        settings,
        keys: sealKeys(settings, git.folder),
        bisect: options.bisect,
        onGroup: (name, commit) => output.err(`running ${name} at ${commit.slice(0, 12)}`),
      });
      const folder =
        options.output === undefined
          ? join(await evidenceFolder(git), "smoke", report.commit.slice(0, 12))
          : resolve(host.cwd, options.output);
      write(folder, report, String(host.pid));
      if (!report.ok && options.learn) await learn(context, options, report);
      const { groups, ...rest } = report;
      const told = groups.map(({ tests: _listed, output: _printed, ...group }) => group);
      output.out(
        output.json ? JSON.stringify({ ...rest, groups: told, folder }) : textOf(report, folder),
      );
      if (!report.ok) context.exit(exitCodes.refuted);
    });
}

function write(folder: string, report: SmokeReport, mark: string): void {
  makeFolder(folder);
  putFile(join(folder, "smoke.ctrf.json"), `${JSON.stringify(smokeCtrf(report))}\n`, mark);
  putFile(join(folder, "smoke.md"), smokeMarkdown(report), mark);
}

/** What failed, for whoever learns from it: once for a commit and a group. */
async function learn(context: CliContext, options: Options, report: SmokeReport): Promise<void> {
  const { commit, advice } = report;
  await withEngine(context, configOf(context, options), async ({ learning }) => {
    for (const { name, problems, output } of report.groups) {
      if (problems.length === 0) continue;
      await learning.record({
        type: "bug",
        severity: "high",
        summary: `Smoke of ${name} fails after a merge: ${problems[0] ?? ""}`.slice(0, 200),
        details: [...problems, output.slice(-1_000)].join("\n"),
        source: "release smoke",
        context: {
          group: name,
          commit,
          branch: report.branch,
          ...(advice === null ? {} : { firstBad: advice.commit }),
        },
        idempotencyKey: `smoke-${commit}-${name}`,
      });
    }
  });
}

function textOf({ ok, groups, problems, advice }: SmokeReport, folder: string): string {
  return [
    ...groups.map(({ name, flaky, problems: wrong }) => {
      const marks = flaky.length === 0 ? "" : ` (flaky: ${flaky.join(", ")})`;
      return wrong.length === 0
        ? `pass ${name}${marks}`
        : `FAIL ${name}${marks}: ${wrong.join("; ")}`;
    }),
    ...problems.map((problem) => `FAIL ${problem}`),
    ...(advice === null
      ? []
      : [`first bad: ${advice.commit.slice(0, 12)} ${advice.subject}`, `  ${advice.command}`]),
    `${ok ? "pass" : "REFUSED"}: ${folder}`,
  ].join("\n");
}
