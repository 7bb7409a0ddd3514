import { toAgent33Error } from "../../../base/errors.ts";
import type { Engine } from "../../../engine.ts";
import {
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
  withEngine,
} from "../../context.ts";
import type { Output } from "../../output.ts";
import { showResult } from "../../page.ts";

/** What every command of `learn` is given. */
export type LearnOptions = CommonOptions;

/** The tenant's rows where learning state is kept. */
export type Rows = Awaited<ReturnType<Engine["learning"]["rows"]>>;

/** What one command works with. */
export interface LearnSession {
  readonly engine: Engine;
  readonly rows: Rows;
  readonly output: Output;
  /** The person that the settings name. */
  readonly user: string;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** Shows a result: as one JSON document to a program, or in the words that `tell` finds for it. */
  readonly show: (result: unknown, tell: () => string) => void;
  /** The line that shows the command of `learn` to go on with, on the same store. */
  readonly next: (words: string) => string;
}

/** Options of what is written down under a title, about signals or not. */
export interface TitledOptions extends LearnOptions {
  readonly title: string;
  readonly signal?: readonly string[];
}

/**
 * Opens the engine for one command, after reading what runs taught since somebody last looked.
 * @throws Agent33Error `store.*` where the learning state cannot be reached
 */
export async function withLearning(
  context: CliContext,
  options: LearnOptions,
  work: (session: LearnSession) => Promise<void>,
): Promise<void> {
  const output = outputOf(context, options);
  const config = configOf(context, options);
  await withEngine(context, config, async (engine) => {
    const rows = await engine.learning.rows();
    await catchUp(engine, output);
    await work({
      engine,
      rows,
      output,
      user: config.settings.user,
      now: context.host.clock.now(),
      show: (result, tell) => showResult(output, result, tell),
      next: (words) =>
        `  ${output.style.dim("→")} ${output.program} learn ${words}${output.sameStore}`,
    });
  });
}

/** The ids of records that are named by their ids' beginnings. */
export async function idsOf(
  repository: { find(prefix: string): Promise<{ readonly id: string }> },
  prefixes: readonly string[] = [],
): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const prefix of prefixes) ids.push((await repository.find(prefix)).id);
  return ids;
}

/** A run's log that cannot be read must not keep anybody from what is recorded already. */
async function catchUp(engine: Engine, output: Output): Promise<void> {
  try {
    await engine.learning.catchUp();
  } catch (thrown) {
    const { code, message } = toAgent33Error(thrown);
    output.err(`warning: what runs taught lately could not be recorded: ${code}: ${message}`);
  }
}
