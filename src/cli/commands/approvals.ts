import type { Command } from "commander";
import { addCommonOptions, type CliContext, configOf, outputOf, withEngine } from "../context.ts";
import { columns, oneLine } from "../output.ts";

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
  for (const [word, decision] of [
    ["approve", "approved"],
    ["deny", "denied"],
  ] as const) {
    addCommonOptions(approvals.command(word))
      .description(`${word} one call`)
      .argument("<approval>", "the question's id, or its beginning")
      .action((prefix: string, options: Options) => decide(context, prefix, decision, options));
  }
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
      ]),
    );
    output.out(`\n${question.summary}`);
  });
}

async function decide(
  context: CliContext,
  prefix: string,
  decision: "approved" | "denied",
  options: Options,
): Promise<void> {
  const output = outputOf(context, options);
  await withEngine(context, configOf(context, options), async (engine) => {
    const { id, runId } = await engine.decideApproval(prefix, decision);
    if (output.json) output.out(JSON.stringify({ id, runId, state: decision }));
    else
      output.out(
        `${decision} ${id}${runId === null ? "" : `; go on with: ${output.program} resume ${runId}${output.sameStore}`}`,
      );
  });
}
