import type { Command } from "commander";
import { effects, repeats } from "../../../base/effect.ts";
import type { JsonObject } from "../../../base/json.ts";
import { suggestName } from "../../../base/nearest.ts";
import { entryPoints } from "../../../config/schema.ts";
import type { PolicyQuestion } from "../../../engine.ts";
import { explainPolicy } from "../../../engine.ts";
import { addCommonOptions, type CliContext, configOf, outputOf } from "../../context.ts";
import { collect, jsonObject, usageError, wholeNumber } from "../../usage.ts";

interface ExplainOptions {
  readonly operation: string;
  readonly effect: string;
  readonly repeat: string;
  readonly tool?: string;
  readonly host?: string;
  readonly port?: number;
  readonly args?: JsonObject;
  readonly entryPoint: string;
  readonly policy?: readonly string[];
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

export function explainCommand(policy: Command, context: CliContext): void {
  addCommonOptions(policy.command("explain"))
    .description("what the policy says about a call, rule by rule; nothing is called")
    .argument("<connector>", "for example mcp:filesystem, model:anthropic, tool:workspace")
    .option("--operation <name>", "for example tools/call, chat, session/open", "tools/call")
    .option("--effect <effect>", effects.join(", "), "unknown")
    .option("--repeat <repeat>", repeats.join(", "), "once")
    .option("--tool <name>", "name of the tool")
    .option("--host <host>", "host that the call goes to")
    .option("--port <n>", "port that the call goes to", wholeNumber("--port"))
    .option("--args <json>", "arguments of the call, as a JSON object", jsonObject("--args"))
    .option("--entry-point <name>", entryPoints.join(", "), "cli")
    .option("--policy <pack>", "policy pack in force; may be repeated", collect)
    .action((connector: string, options: ExplainOptions) => {
      const output = outputOf(context, options);
      const config = configOf(context, options, [
        { setting: "policy.packs", flag: "--policy", value: options.policy },
      ]);
      const explanation = explainPolicy(config, context.host, questionOf(connector, options));
      output.out(output.json ? JSON.stringify(explanation.data) : explanation.text);
    });
}

function questionOf(connector: string, options: ExplainOptions): PolicyQuestion {
  return {
    connector,
    operation: options.operation,
    effect: oneOf("--effect", options.effect, effects),
    repeat: oneOf("--repeat", options.repeat, repeats),
    entryPoint: oneOf("--entry-point", options.entryPoint, entryPoints),
    ...(options.tool === undefined ? {} : { tool: options.tool }),
    ...(options.host === undefined ? {} : { host: options.host }),
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.args === undefined ? {} : { args: options.args }),
  };
}

function oneOf<T extends string>(flag: string, value: string, known: readonly T[]): T {
  const found = known.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  throw usageError(`${flag} does not know "${value}".`, suggestName(value, known));
}
