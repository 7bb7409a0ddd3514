import type { Command } from "commander";
import {
  type Effect,
  effects,
  type InjectionLevel,
  injectionLevels,
  type Repeat,
  repeats,
} from "../../../base/effect.ts";
import type { JsonObject } from "../../../base/json.ts";
import { type EntryPoint, entryPoints } from "../../../config/schema.ts";
import {
  explainPolicy,
  explanationText,
  hasStore,
  type PolicyAnswer,
  type PolicyQuestion,
} from "../../../engine.ts";
import {
  addCommonOptions,
  type CliContext,
  configOf,
  outputOf,
  withEngine,
} from "../../context.ts";
import {
  collect,
  jsonObject,
  numberWithin,
  oneWord,
  usageError,
  wholeNumber,
} from "../../usage.ts";
import { callText } from "./explain-text.ts";

interface ExplainOptions {
  readonly operation: string;
  readonly effect: Effect;
  readonly repeat: Repeat;
  readonly tool?: string;
  readonly toolDigest?: string;
  readonly injection?: InjectionLevel;
  readonly toolInjection?: InjectionLevel;
  readonly host?: string;
  readonly port?: number;
  readonly args?: JsonObject;
  readonly entryPoint?: EntryPoint;
  readonly run?: string;
  readonly call?: string;
  readonly tokens?: number;
  readonly costUsd?: number;
  readonly policy?: readonly string[];
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

export function explainCommand(policy: Command, context: CliContext): void {
  addCommonOptions(policy.command("explain"))
    .description("what the policy says about a call, rule by rule, and what would stop it now")
    .argument("<connector>", "for example mcp:filesystem, model:anthropic, tool:workspace")
    .option("--operation <name>", "for example tools/call, chat, session/open", "tools/call")
    .option("--effect <effect>", effects.join(", "), oneWord("--effect", effects), "unknown")
    .option("--repeat <repeat>", repeats.join(", "), oneWord("--repeat", repeats), "once")
    .option("--tool <name>", "name of the tool")
    .option("--tool-digest <digest>", "SHA-256 of the tool's definition")
    .option("--host <host>", "host that the call goes to")
    .option("--port <n>", "port that the call goes to", wholeNumber("--port", 65_535))
    .option(
      "--injection <level>",
      `orders of strangers that the agent has read by then: ${injectionLevels.join(", ")}`,
      oneWord("--injection", injectionLevels),
    )
    .option(
      "--tool-injection <level>",
      `orders to models in the tool's own description: ${injectionLevels.join(", ")}`,
      oneWord("--tool-injection", injectionLevels),
    )
    .option("--args <json>", "arguments of the call, as a JSON object", jsonObject("--args"))
    .option(
      "--entry-point <name>",
      `${entryPoints.join(", ")}; default cli`,
      oneWord("--entry-point", entryPoints),
    )
    .option("--run <id>", "a call of this run: under its policy, with what it has used of limits")
    .option("--call <name>", "name of the call in its run, as turn-3-call-0: finds its approval")
    .option("--tokens <n>", "most tokens that it would use", wholeNumber("--tokens"))
    .option(
      "--cost-usd <n>",
      "most US dollars that it would cost",
      numberWithin("--cost-usd", 0, 1e6),
    )
    .option("--policy <pack>", "policy pack in force; may be repeated", collect)
    .action((connector: string, options: ExplainOptions) => explain(context, connector, options));
}

async function explain(
  context: CliContext,
  connector: string,
  options: ExplainOptions,
): Promise<void> {
  const output = outputOf(context, options);
  const { host } = context;
  const config = configOf(context, options, [
    { setting: "policy.packs", flag: "--policy", value: options.policy },
  ]);
  const question = questionOf(connector, options);
  const counted = await hasStore(config, host);
  if (!counted && question.run !== undefined) {
    throw usageError(
      `There is no store in ${config.settings.data}, and so no run "${question.run}".`,
      "Give the folder of the store with --data, or leave out --run.",
    );
  }
  const answer: PolicyAnswer = counted
    ? await withEngine(context, config, async (engine) =>
        explainPolicy(config, host, question, engine),
      )
    : explainPolicy(config, host, question);
  output.out(
    output.json
      ? JSON.stringify(answer)
      : `${explanationText(answer)}\n${callText(answer, config.settings.data)}`,
  );
}

function questionOf(connector: string, options: ExplainOptions): PolicyQuestion {
  const { run, policy, entryPoint, tokens, costUsd } = options;
  if (run !== undefined && (policy !== undefined || entryPoint !== undefined)) {
    throw usageError(
      "--run stands for the policy and the entry point of that run.",
      "Leave out --policy and --entry-point, or --run.",
    );
  }
  return {
    connector,
    operation: options.operation,
    effect: options.effect,
    repeat: options.repeat,
    ...(entryPoint === undefined ? {} : { entryPoint }),
    ...(run === undefined ? {} : { run }),
    ...(options.call === undefined ? {} : { logicalCallId: options.call }),
    ...(options.tool === undefined ? {} : { tool: options.tool }),
    ...(options.toolDigest === undefined ? {} : { toolDigest: options.toolDigest }),
    ...(options.host === undefined ? {} : { host: options.host }),
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.injection === undefined ? {} : { injection: options.injection }),
    ...(options.toolInjection === undefined ? {} : { toolInjection: options.toolInjection }),
    ...(options.args === undefined ? {} : { args: options.args }),
    estimate: {
      ...(tokens === undefined ? {} : { tokens }),
      ...(costUsd === undefined ? {} : { costMicroUsd: Math.ceil(costUsd * 1_000_000) }),
    },
  };
}
