import type { Command } from "commander";
import { type AuditCheckRequest, checkAuditFile, exportAuditTo } from "../../engine.ts";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
  withEngine,
} from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { spanOf } from "../moment.ts";
import { addListOptions, given, type ListOptions, showPage, showResult } from "../page.ts";
import { auditHead, auditRow, callText, checkText } from "../render-audit.ts";
import { lineageText } from "../render-lineage.ts";
import { counted } from "../text.ts";
import { collect, oneWord } from "../usage.ts";

interface AuditListOptions extends ListOptions {
  readonly run?: string;
  readonly connector?: string;
  readonly outcome?: string;
  readonly decision?: string;
  readonly since?: string;
  readonly until?: string;
}

interface VerifyOptions extends CommonOptions {
  readonly head?: readonly string[];
  readonly key?: readonly string[];
  readonly file?: string;
}

export function auditCommand(program: Command, context: CliContext): void {
  const audit = program
    .command("audit")
    .description("the record of every call that left the process");
  addListOptions(audit.command("list"))
    .description(
      "calls, the last written first, denied ones too; reads are written up to a second late",
    )
    .option("--run <run>", "of this run, by its id or its beginning")
    .option("--connector <id>", "of this connector, in full")
    .option("--outcome <outcome>", "that ended so: ok, or an error's code")
    .option(
      "--decision <word>",
      "allow, ask or deny",
      oneWord("--decision", ["allow", "ask", "deny"]),
    )
    .option("--since <time>", "begun then or later: 7d, 12h, 2026-11-01 (UTC)")
    .option("--until <time>", "begun before")
    .action((options: AuditListOptions) => list(context, options));
  addCommonOptions(audit.command("show"))
    .description("one call, with its rule, its attempts and where it was connected to")
    .argument("<call>", "the call's id, or its beginning")
    .action((prefix: string, options: CommonOptions) => show(context, prefix, options));
  addCommonOptions(audit.command("lineage"))
    .description("what led to a call, and what came of it")
    .argument("<call>", "the call's id, or its beginning")
    .action((prefix: string, options: CommonOptions) => lineage(context, prefix, options));
  addCommonOptions(audit.command("verify"))
    .description("find every record that was changed, removed, inserted, reordered or cut off")
    .option(
      "--head <place>",
      "a place noted elsewhere, POSITION:HASH, or a copy of the head file",
      collect,
    )
    .option(
      "--key <file>",
      "a public key whose signatures are believed; may be given again",
      collect,
    )
    .option("--file <export>", "check this export alone, without a store")
    .action((options: VerifyOptions) => verify(context, options));
  addCommonOptions(audit.command("export"))
    .description("write the audit with its chain and public key as lines of JSON")
    .argument("<file>", "a new file")
    .action((file: string, options: CommonOptions) => writeExport(context, file, options));
}

async function list(context: CliContext, options: AuditListOptions): Promise<void> {
  const output = outputOf(context, options);
  const { connector, outcome, decision, limit, cursor } = options;
  const span = spanOf(options, context.host.clock.now());
  await withEngine(context, configOf(context, options), async ({ store }) => {
    const runId = options.run === undefined ? undefined : store.runs.find(options.run).id;
    const page = store.audit.list(
      given({ runId, connector, outcome, decision, ...span, limit, cursor }),
    );
    showPage(output, page, options, {
      command: "audit list",
      flags: {
        "--run": options.run,
        "--connector": connector,
        "--outcome": outcome,
        "--decision": decision,
        "--since": options.since,
        "--until": options.until,
      },
      head: auditHead,
      row: auditRow,
      none: "No call was made yet.",
    });
  });
}

async function show(context: CliContext, prefix: string, options: CommonOptions): Promise<void> {
  const output = outputOf(context, options);
  await withEngine(context, configOf(context, options), async ({ store }) => {
    const entry = store.audit.find(prefix);
    showResult(output, entry, () => callText(entry));
  });
}

async function lineage(context: CliContext, prefix: string, options: CommonOptions): Promise<void> {
  const output = outputOf(context, options);
  await withEngine(context, configOf(context, options), async (engine) => {
    const found = await engine.lineage.ofCall(prefix);
    showResult(output, found, () => lineageText(found));
  });
}

async function verify(context: CliContext, options: VerifyOptions): Promise<void> {
  const output = outputOf(context, options);
  const { file, head: heads, key: keys } = options;
  const request: AuditCheckRequest = given({ heads, keys });
  const check =
    file === undefined
      ? await withEngine(context, configOf(context, options), ({ audit }) => audit.check(request))
      : await checkAuditFile(file, request, context.host);
  context.exit(check.ok ? exitCodes.ok : exitCodes.failed);
  showResult(output, check, () => checkText(check, output));
}

async function writeExport(
  context: CliContext,
  file: string,
  options: CommonOptions,
): Promise<void> {
  const output = outputOf(context, options);
  const report = await withEngine(context, configOf(context, options), ({ audit }) =>
    exportAuditTo(audit, file, context.host),
  );
  showResult(
    output,
    report,
    () =>
      `${counted(report.records, "record")} and ${counted(report.links, "link")} of tenant ${report.tenant} are in ${report.path}.\nCheck them anywhere: ${output.program} audit verify --file ${report.path}`,
  );
}
