import { appendFileSync } from "node:fs";
import type { Command } from "commander";
import { repositoryApi } from "../../../engine/release-api.ts";
import { gitIn } from "../../../release/git.ts";
import { pullRequestPlace } from "../../../release/github-environment.ts";
import { guardBranch } from "../../../release/guard-git.ts";
import { guardPullRequest } from "../../../release/guard-github.ts";
import { type SequenceVerdict, shown } from "../../../release/sequence.ts";
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
  readonly base: string;
  readonly head: string;
  readonly github?: boolean;
  readonly apiUrl?: string;
  readonly repository?: string;
  readonly pullRequest?: string;
}

export function guardCommand(release: Command, context: CliContext): void {
  addCommonOptions(release.command("guard"))
    .description("whether a change of a series (sequence:N) may be merged now")
    .option("--base <branch>", "branch that it would be merged into", "main")
    .option("--head <revision>", "the change: a branch or a commit", "HEAD")
    .option("--github", "ask GitHub about a pull request, in place of git")
    .option("--api-url <url>", "GitHub's API; for Enterprise https://HOST/api/v3")
    .option("--repository <owner/name>", "default: GITHUB_REPOSITORY")
    .option("--pull-request <number>", "default: that of the event in GITHUB_EVENT_PATH")
    .action(async (options: Options) => {
      const output = outputOf(context, options);
      const verdict =
        options.github === true
          ? await askGitHub(context, options)
          : await guardBranch(gitIn(context.host), options);
      tellAction(context.host.env, verdict);
      output.out(output.json ? JSON.stringify(verdict) : textOf(verdict));
      if (!verdict.ok) context.exit(exitCodes.refuted);
    });
}

async function askGitHub(context: CliContext, options: Options): Promise<SequenceVerdict> {
  const { host } = context;
  const place = pullRequestPlace(host.env, options);
  const config = configOf(context, options);
  const { tenant, user } = config.settings;
  const token = host.env["GITHUB_TOKEN"];
  return withEngine(context, config, ({ boundary }) => {
    const read = repositoryApi(
      { apiUrl: place.apiUrl, token: token === "" ? undefined : token },
      { boundary, principal: { tenant, user }, host },
    );
    return guardPullRequest(read, place);
  });
}

function textOf({ ok, message, series }: SequenceVerdict): string {
  const steps = series.map(({ step, by, revertedBy }) => {
    const undone = revertedBy === undefined ? "" : `, reverted by ${shown(revertedBy)}`;
    return `  ${step}: ${shown(by)}${undone}`;
  });
  return [`${ok ? "pass" : "REFUSED"}: ${message}`, ...steps].join("\n");
}

/** Where GitHub Actions read what a step found (workflow commands, GITHUB_STEP_SUMMARY, GITHUB_OUTPUT). */
function tellAction(
  env: Readonly<Record<string, string | undefined>>,
  { ok, code, message }: SequenceVerdict,
): void {
  const { GITHUB_STEP_SUMMARY: summary, GITHUB_OUTPUT: outputs } = env;
  if (summary !== undefined && summary !== "") {
    appendFileSync(summary, `**Merge sequence: ${ok ? "pass" : "refused"}**: ${message}\n`);
  }
  if (outputs !== undefined && outputs !== "") {
    appendFileSync(outputs, `verdict=${ok ? "pass" : "refused"}\ncode=${code}\n`);
  }
}
