import { relative } from "node:path";
import type { Command } from "commander";
import { stringify } from "yaml";
import {
  type AgentListing,
  type AgentListings,
  checkAgent,
  hasStore,
  listAgents,
  readAgent,
} from "../../engine.ts";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
  withEngine,
} from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { columns, oneLine, type Output } from "../output.ts";

/** `agent33 agents`: looks at definitions. Nothing is run. */
export function agentsCommand(program: Command, context: CliContext): void {
  const agents = program.command("agents").description("look at agent definitions");
  addCommonOptions(agents.command("list"))
    .description("all definitions of the settings, each version of them")
    .action((options: CommonOptions) => list(context, options));
  addCommonOptions(agents.command("show"))
    .description("one definition, with what it leaves out")
    .argument("<agent>", "a file, a name or name@version")
    .action((reference: string, options: CommonOptions) => show(context, reference, options));
  addCommonOptions(agents.command("check"))
    .description("every problem of definitions; fails where there is one")
    .argument("[file]", "one file; all that the settings name by default")
    .action((file: string | undefined, options: CommonOptions) => check(context, file, options));
}

async function list(context: CliContext, options: CommonOptions): Promise<void> {
  const output = outputOf(context, options);
  const listings = await listingsOf(context, options);
  if (output.json) {
    output.out(JSON.stringify(dataOf(listings)));
    return;
  }
  const rows = listings.agents.map((listing) => [
    listing.agent.name,
    `${listing.agent.version}${listing.isNewest ? " *" : ""}`,
    listing.digest.slice(0, 12),
    shownFile(listing.file, context),
    oneLine(listing.agent.role, 60),
  ]);
  output.out(
    rows.length === 0
      ? "There are no agent definitions here; docs/guides/agents.md shows how one is written."
      : columns([["AGENT", "VERSION", "DIGEST", "FILE", "ROLE"], ...rows]),
  );
  tellProblems(output, listings);
}

function show(context: CliContext, reference: string, options: CommonOptions): void {
  const output = outputOf(context, options);
  const { agent, digest } = readAgent(reference, configOf(context, options), context.host);
  output.out(
    output.json
      ? JSON.stringify({ digest, agent })
      : `${output.style.dim(`# digest ${digest}`)}\n${stringify(agent, { lineWidth: 100 }).trimEnd()}`,
  );
}

async function check(
  context: CliContext,
  file: string | undefined,
  options: CommonOptions,
): Promise<void> {
  const output = outputOf(context, options);
  const listings =
    file === undefined
      ? await listingsOf(context, options)
      : checkAgent(file, configOf(context, options), context.host);
  const wrong = listings.broken.length + changed(listings).length;
  context.exit(wrong === 0 ? exitCodes.ok : exitCodes.failed);
  if (output.json) {
    output.out(JSON.stringify(dataOf(listings)));
    return;
  }
  tellProblems(output, listings);
  const bad = new Set(listings.broken.map((one) => one.file));
  const good = listings.agents.filter((one) => !bad.has(one.file));
  output.out(`${good.length} definitions are good, ${wrong} problems`);
}

/** What runs used is looked up only where there are any: a check makes no store. */
async function listingsOf(context: CliContext, options: CommonOptions): Promise<AgentListings> {
  const config = configOf(context, options);
  if (!(await hasStore(config, context.host))) return listAgents(config, context.host, undefined);
  return withEngine(context, config, async ({ store }) =>
    listAgents(config, context.host, store.runs),
  );
}

function tellProblems({ err, style, program, sameStore }: Output, listings: AgentListings): void {
  for (const { error } of listings.broken) {
    err(`${style.red("error")} ${style.bold(error.code)}: ${error.message}`);
    if (error.hint !== undefined) err(`  ${style.dim("→")} ${error.hint}`);
  }
  for (const { agent, changedSince } of changed(listings)) {
    err(
      `${style.yellow("changed")} ${agent.name}@${agent.version} is not what run ${changedSince ?? "?"} used under this name`,
    );
    err(
      `  ${style.dim("→")} Give it a new version, or see what it was: ${program} runs show ${changedSince ?? "?"}${sameStore}`,
    );
  }
}

function changed({ agents }: AgentListings): readonly AgentListing[] {
  return agents.filter(({ changedSince }) => changedSince !== null);
}

function dataOf({ agents, broken }: AgentListings) {
  return {
    items: agents,
    broken: broken.map(({ file, error }) => ({ file, error: error.toJSON() })),
  };
}

function shownFile(file: string, context: CliContext): string {
  const path = relative(context.host.cwd, file);
  return path.startsWith("..") ? file : path;
}
