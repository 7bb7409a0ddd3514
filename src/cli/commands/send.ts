import type { Command } from "commander";
import type { Clock } from "../../base/clock.ts";
import type { Engine } from "../../engine.ts";
import type { MessageFate, SentMessage } from "../../engine/post.ts";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
  withEngine,
} from "../context.ts";
import { exitCodes } from "../exit-codes.ts";

interface SendOptions extends CommonOptions {
  readonly followUp?: boolean;
  readonly wait: boolean;
  readonly key?: string;
}

export function sendCommand(runs: Command, context: CliContext): void {
  addCommonOptions(runs.command("send"))
    .description("say something to a run's agent")
    .argument("<run>", "the run's id, or its beginning")
    .argument("<text>", "what it should know or do")
    .option("--follow-up", "not now: when it would stop")
    .option("--key <key>", "a name of the message: sent again with the same, it is one")
    .option("--no-wait", "do not wait until the agent has read it")
    .action((prefix: string, text: string, options: SendOptions) =>
      send(context, prefix, text, options),
    );
}

const words: Readonly<Record<MessageFate, string>> = {
  read: "the agent has read it",
  waiting: "the agent will read it after the step that it is at",
  kept: "nothing works on the run now; the agent will read it when the run goes on",
  undelivered: "the agent stopped before it could read it; the log says so",
};

async function send(
  context: CliContext,
  prefix: string,
  text: string,
  options: SendOptions,
): Promise<void> {
  const output = outputOf(context, options);
  await withEngine(context, configOf(context, options), async ({ runs }) => {
    const topic = options.followUp === true ? "follow_up" : "steering";
    const sent = runs.send(prefix, text, topic, options.key);
    if (!output.json) output.out(`sent to run ${sent.runId}`);
    const fate = options.wait ? await finalFate(runs, sent, context.host.clock) : runs.fateOf(sent);
    output.out(output.json ? JSON.stringify({ ...sent, fate }) : words[fate]);
    if (fate === "undelivered") context.exit(exitCodes.failed);
  });
}

const lookMs = 200;

/** What became of a message, once that is known or nobody works on the run. */
async function finalFate(
  runs: Engine["runs"],
  sent: SentMessage,
  clock: Clock,
): Promise<MessageFate> {
  for (;;) {
    const fate = runs.fateOf(sent);
    if (fate !== "waiting") return fate;
    await clock.sleep(lookMs);
  }
}
