import type { Command } from "commander";
import { Agent33Error } from "../../base/errors.ts";
import {
  createSecretStore,
  type SecretStore,
  type ShownSecret,
} from "../../engine/secrets/secret-store.ts";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
} from "../context.ts";
import { readText } from "../input.ts";
import { columns } from "../output.ts";
import { showResult } from "../page.ts";

interface RekeyOptions extends CommonOptions {
  readonly newKeyFile: string;
}

/** `agent33 secrets`: what settings refer to, sealed in the data folder. */
export function secretsCommand(program: Command, context: CliContext): void {
  const secrets = program.command("secrets").description("secrets that settings refer to, sealed");
  addCommonOptions(secrets.command("set"))
    .description("keep a new secret; its value is asked for, or read from standard input")
    .argument("<name>", "the name that settings refer to: NOTES_TOKEN")
    .action(async (name: string, options: CommonOptions) => {
      const value = await valueOf(context, name);
      tell(context, options, "kept", storeOf(context, options).add(name, value));
    });
  addCommonOptions(secrets.command("rotate"))
    .description("give a secret another value, asked for or read from standard input")
    .argument("<name>", "the secret's name")
    .action(async (name: string, options: CommonOptions) => {
      const value = await valueOf(context, name);
      tell(context, options, "rotated", storeOf(context, options).rotate(name, value));
    });
  addCommonOptions(secrets.command("list"))
    .description("stored secrets, without their values")
    .action((options: CommonOptions) => list(context, options));
  addCommonOptions(secrets.command("remove"))
    .description("forget a secret for good")
    .argument("<name>", "the secret's name")
    .action((name: string, options: CommonOptions) =>
      tell(context, options, "removed", storeOf(context, options).remove(name)),
    );
  addCommonOptions(secrets.command("rekey"))
    .description("seal all secrets under another master key")
    .requiredOption("--new-key-file <file>", "file with the new master key")
    .action((options: RekeyOptions) => {
      const done = storeOf(context, options).rekey(options.newKeyFile);
      showResult(
        outputOf(context, options),
        done,
        () =>
          `${done.secrets} secrets are sealed under the master key ${done.keyId}. Name it in secrets.keyFile or AGENT33_MASTER_KEY before the next start.`,
      );
    });
}

function storeOf(context: CliContext, options: CommonOptions): SecretStore {
  return createSecretStore(configOf(context, options), context.host);
}

/** Never a word of the command line: other users and the shell's history would see it. */
async function valueOf(context: CliContext, name: string): Promise<string> {
  const ask = context.prompts?.secret;
  if (ask === undefined) return (await readText(context, "-")).replace(/\r?\n$/, "");
  const answer = await ask(`The value of ${name}`);
  if (answer !== undefined) return answer;
  throw new Agent33Error("cli.usage", "No value was given.", {
    hint: "Type it, or give it on standard input.",
  });
}

function list(context: CliContext, options: CommonOptions): void {
  const items = storeOf(context, options).list();
  showResult(outputOf(context, options), { items }, () =>
    items.length === 0
      ? "There are no stored secrets yet. Keep one: agent33 secrets set NAME"
      : columns([["NAME", "VERSION", "CHANGED", "MASTER KEY"], ...items.map(row)]),
  );
}

function row({ name, version, changedAt, keyId }: ShownSecret): readonly string[] {
  const at = new Date(changedAt).toISOString().slice(0, 16).replace("T", " ");
  return [name, String(version), at, keyId];
}

function tell(
  context: CliContext,
  options: CommonOptions,
  what: string,
  secret: ShownSecret,
): void {
  showResult(
    outputOf(context, options),
    secret,
    () => `${secret.name} is ${what}. What is running takes it up with its next call.`,
  );
}
