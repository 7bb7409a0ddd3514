import { type Command, Option } from "commander";
import { elicitationIn, type Engine } from "../../engine.ts";
import { type RememberedRule, type RememberScope, rememberScopes } from "../../engine/remember.ts";
import { usageError } from "../usage.ts";
import { addCommonOptions, type CliContext, configOf, outputOf, withEngine } from "../context.ts";
import { columns, oneLine } from "../output.ts";
import { answerCommand, questionText } from "./approvals-answer.ts";

interface Options {
  readonly all?: boolean;
  readonly data?: string;
  readonly json?: boolean;
}

export function approvalsCommand(program: Command, context: CliContext): void {
  const approvals = program.command("approvals").description("answer what waits for a person");
  addCommonOptions(approvals.command("list"))
    .description("questions that wait for an answer, oldest first")
    .option("--all", "those answered, used and expired too")
    .action((options: Options) => list(context, options));
  addCommonOptions(approvals.command("show"))
    .description("one question, with all that the call would send")
    .argument("<approval>", "the question's id, or its beginning")
    .action((prefix: string, options: Options) => show(context, prefix, options));
  addCommonOptions(approvals.command("approve"))
    .description("approve one call")
    .argument("<approval>", "the question's id, or its beginning")
    .addOption(
      new Option(
        "--remember <scope>",
        "write a rule too: for these very arguments (call), or for any of the tool's (tool)",
      ).choices(rememberScopes),
    )
    .option(
      "--file <path>",
      "pack file that the rule is written to, policy/remembered.yaml by default",
    )
    .addOption(noteOption())
    .action((prefix: string, options: ApproveOptions) => approve(context, prefix, options));
  addCommonOptions(approvals.command("deny"))
    .description("deny one call")
    .argument("<approval>", "the question's id, or its beginning")
    .addOption(noteOption())
    .action((prefix: string, options: DecideOptions) => decide(context, prefix, "denied", options));
  answerCommand(approvals, context);
}

const noteOption = () =>
  new Option(
    "--note <text>",
    "why; kept with the approval and in the audit, not told to the agent",
  );

interface DecideOptions extends Options {
  readonly note?: string;
}

interface ApproveOptions extends DecideOptions {
  readonly remember?: RememberScope;
  readonly file?: string;
}

async function approve(
  context: CliContext,
  prefix: string,
  options: ApproveOptions,
): Promise<void> {
  const { remember: scope, file } = options;
  if (scope === undefined && file !== undefined) {
    throw usageError("--file needs --remember.", "Give --remember call or --remember tool too.");
  }
  await decide(context, prefix, "approved", options, (engine) =>
    scope === undefined
      ? undefined
      : engine.rememberApproval(prefix, { scope, ...(file === undefined ? {} : { file }) }),
  );
}

async function list(context: CliContext, options: Options): Promise<void> {
  const output = outputOf(context, options);
  await withEngine(context, configOf(context, options), async ({ store }) => {
    const questions = store.approvals.list(options.all === true ? {} : { state: "pending" });
    if (output.json) {
      output.out(JSON.stringify({ items: questions }));
      return;
    }
    if (questions.length === 0) {
      output.out("Nothing waits for an answer.");
      return;
    }
    const rows = questions.map((question) => [
      question.id,
      question.state,
      question.runId ?? "-",
      question.ruleId,
      oneLine(question.summary, 80),
    ]);
    output.out(columns([["APPROVAL", "STATE", "RUN", "RULE", "CALL"], ...rows]));
  });
}

async function show(context: CliContext, prefix: string, options: Options): Promise<void> {
  const output = outputOf(context, options);
  await withEngine(context, configOf(context, options), async ({ store }) => {
    const question = store.approvals.find(prefix);
    if (output.json) {
      output.out(JSON.stringify(question));
      return;
    }
    const time = (ms: number) => new Date(ms).toISOString().slice(0, 19).replace("T", " ");
    output.out(
      columns([
        ["approval", question.id],
        ["state", question.state],
        ["run", question.runId ?? "-"],
        ["rule", question.ruleId],
        ["asked", `${time(question.requestedAt)} UTC`],
        ["until", `${time(question.expiresAt)} UTC`],
        ...decidedRows(question, time),
      ]),
    );
    const asked = elicitationIn(question.facts);
    const reason = question.facts?.["reason"];
    if (typeof reason === "string") output.out(`\n${reason}`);
    output.out(`\n${asked === undefined ? question.summary : questionText(asked)}`);
  });
}

function decidedRows(
  { decidedBy, decidedAt, note }: ReturnType<Engine["store"]["approvals"]["find"]>,
  time: (ms: number) => string,
): readonly (readonly string[])[] {
  if (decidedBy === null) return [];
  return [
    ["by", oneLine(decidedBy, 200)],
    ...(decidedAt === null ? [] : [["at", `${time(decidedAt)} UTC`]]),
    ...(note === null ? [] : [["note", oneLine(note, 2_000)]]),
  ];
}

async function decide(
  context: CliContext,
  prefix: string,
  decision: "approved" | "denied",
  options: DecideOptions,
  remember: (engine: Engine) => RememberedRule | undefined = () => undefined,
): Promise<void> {
  const output = outputOf(context, options);
  await withEngine(context, configOf(context, options), async (engine) => {
    const { id, runId } = await engine.decideApproval(prefix, decision, undefined, options.note);
    const remembered = remember(engine);
    if (output.json) {
      const rule = remembered === undefined ? {} : { remembered };
      output.out(JSON.stringify({ id, runId, state: decision, ...rule }));
      return;
    }
    const next =
      runId === null ? "" : `; go on with: ${output.program} resume ${runId}${output.sameStore}`;
    output.out(`${decision} ${id}${next}`);
    if (remembered === undefined) return;
    output.out(`remembered as ${remembered.ruleId} in ${remembered.file}:\n\n${remembered.rule}`);
    if (!remembered.selected) {
      output.out(
        `Read it; it holds once the settings have it: add "${remembered.pack}" to policy.packs and "${remembered.file}" to policy.files.`,
      );
    }
  });
}
