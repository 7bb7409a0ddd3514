import { Agent33Error, messageOf, toAgent33Error } from "../../../base/errors.ts";
import type { CliContext } from "../../context.ts";
import { exitCodes } from "../../exit-codes.ts";
import { type InputLine, readLines } from "../../input.ts";
import { type LearnOptions, type LearnSession, withLearning } from "./session.ts";
import { counted } from "../../text.ts";

/** Lines that are recorded together: as many as share the waiting for the disk. */
const batchLines = 64;

/** What became of the lines. */
interface Tally {
  recorded: number;
  repeated: number;
  known: number;
  refused: number;
}

/**
 * Records a signal a line, each judged alone. Lines that are no signals are named with the reason,
 * and the program's exit says that there were some.
 * @throws Agent33Error `cli.unreadable_input`, and `store.*` where the store gives up in between;
 *   then the lines that were not recorded are named, and so is the last one that was looked at
 */
export async function recordLines(
  context: CliContext,
  options: LearnOptions & { readonly from: string },
): Promise<void> {
  await withLearning(context, options, async (session) => {
    const tally: Tally = { recorded: 0, repeated: 0, known: 0, refused: 0 };
    let lastLine = 0;
    let whole = false;
    try {
      for await (const batch of batches(readLines(context, options.from))) {
        lastLine = batch.at(-1)?.line ?? lastLine;
        await recordBatch(session, batch, tally);
      }
      whole = true;
    } finally {
      if (lastLine > 0 || whole) tell(session, tally, whole ? undefined : lastLine);
    }
    if (tally.refused > 0) context.exit(exitCodes.failed);
  });
}

async function* batches(lines: AsyncIterable<InputLine>): AsyncGenerator<readonly InputLine[]> {
  let batch: InputLine[] = [];
  for await (const line of lines) {
    batch.push(line);
    if (batch.length < batchLines) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** @throws Agent33Error what went wrong with the store, after saying which lines it kept out */
async function recordBatch(
  session: LearnSession,
  batch: readonly InputLine[],
  tally: Tally,
): Promise<void> {
  const { output } = session;
  const done = await Promise.allSettled(batch.map((one) => recordLine(session, one)));
  const faults: Agent33Error[] = [];
  for (const [index, result] of done.entries()) {
    const line = batch[index]?.line ?? 0;
    if (result.status === "fulfilled") {
      const { outcome, intakeId, signal } = result.value;
      tally[outcome] += 1;
      if (output.json) {
        output.out(JSON.stringify({ line, outcome, signalId: signal.id, intakeId }));
      }
      continue;
    }
    const error = toAgent33Error(result.reason);
    tally.refused += 1;
    if (!/^(learning|cli)\./.test(error.code)) faults.push(error);
    if (output.json) output.out(JSON.stringify({ line, error: error.toJSON() }));
    else output.err(`line ${line}: ${error.message}`);
  }
  const [fault] = faults;
  if (fault !== undefined) throw fault;
}

async function recordLine({ engine }: LearnSession, line: InputLine) {
  if ("problem" in line) throw badLine(line.problem);
  let value: unknown;
  try {
    value = JSON.parse(line.text);
  } catch (cause) {
    throw badLine(`is not JSON: ${messageOf(cause)}`, cause);
  }
  return engine.learning.record(value);
}

function badLine(why: string, cause?: unknown): Agent33Error {
  return new Agent33Error("cli.bad_line", `The line ${why}.`, {
    hint: "Each line is one JSON object with type, severity and summary.",
    cause,
  });
}

/** @param stoppedAfter the last line that was looked at, where that is not the last there is */
function tell({ output }: LearnSession, tally: Tally, stoppedAfter: number | undefined): void {
  if (output.json) return;
  const parts = Object.entries(tally).flatMap(([what, count]) =>
    count === 0 ? [] : [`${count} ${what}`],
  );
  output.out(parts.length === 0 ? "The input has no lines." : parts.join(", "));
  if (stoppedAfter !== undefined) {
    output.err(`stopped after line ${stoppedAfter}; ${counted(tally.refused, "line")} named above`);
  }
}
