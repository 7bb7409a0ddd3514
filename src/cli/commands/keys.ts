import type { Command } from "commander";
import { type ApiKeys, createApiKeys, type MadeKey, type ShownKey } from "../../engine/api-keys.ts";
import { grantable } from "../../http/scopes.ts";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
  withEngine,
} from "../context.ts";
import type { Output } from "../output.ts";
import { addListOptions, given, type ListOptions, showPage, showResult } from "../page.ts";
import { collect, oneWord, wholeNumber } from "../usage.ts";

interface CreateOptions extends CommonOptions {
  readonly scope: readonly (typeof grantable)[number][];
  readonly tenant?: string;
  readonly user?: string;
  readonly days?: number;
}

interface RotateOptions extends CommonOptions {
  readonly graceMinutes?: number;
}

const dayMs = 86_400_000;

/** `agent33 keys`: who may use the API. */
export function keysCommand(program: Command, context: CliContext): void {
  const keys = program.command("keys").description("who may use the API");
  const scope = oneWord("--scope", grantable);
  addCommonOptions(keys.command("create"))
    .description("make a key; its secret is shown once")
    .argument("<name>", "what it is for, in words")
    .requiredOption(
      "--scope <scope>",
      `what it allows, may be repeated: ${grantable.join(", ")}`,
      (word: string, earlier: readonly string[] | undefined) => collect(scope(word), earlier),
    )
    .option("--tenant <name>", "tenant that it is for; the settings' by default")
    .option("--user <name>", "person or program that it is for; the settings' user by default")
    .option("--days <n>", "days that it holds; for ever by default", wholeNumber("--days", 36_500))
    .action((name: string, options: CreateOptions) => create(context, name, options));
  addListOptions(keys.command("list"))
    .description("keys, newest first")
    .action((options: ListOptions) => list(context, options));
  addCommonOptions(keys.command("rotate"))
    .description("give a key another secret")
    .argument("<key>", "the key's id")
    .option(
      "--grace-minutes <n>",
      "minutes that the former secret holds besides; none by default",
      wholeNumber("--grace-minutes", 525_600),
    )
    .action((id: string, options: RotateOptions) => rotate(context, id, options));
  addCommonOptions(keys.command("revoke"))
    .description("end a key at once and for good")
    .argument("<key>", "the key's id")
    .action((id: string, options: CommonOptions) => revoke(context, id, options));
}

/** The keys of the settings' store. */
async function withKeys<T>(
  context: CliContext,
  options: CommonOptions,
  use: (keys: ApiKeys, settings: { readonly tenant: string; readonly user: string }) => Promise<T>,
): Promise<T> {
  const config = configOf(context, options);
  return withEngine(context, config, ({ store }) =>
    use(createApiKeys({ store, host: context.host }), config.settings),
  );
}

async function create(context: CliContext, name: string, options: CreateOptions): Promise<void> {
  const made = await withKeys(context, options, (keys, settings) =>
    keys.create({
      name,
      tenant: options.tenant ?? settings.tenant,
      user: options.user ?? settings.user,
      scopes: [...new Set(options.scope)],
      ttlMs: options.days === undefined ? null : options.days * dayMs,
    }),
  );
  tell(outputOf(context, options), made);
}

async function rotate(context: CliContext, id: string, options: RotateOptions): Promise<void> {
  const graceMs = (options.graceMinutes ?? 0) * 60_000;
  const made = await withKeys(context, options, (keys) => keys.rotate(id, graceMs));
  tell(outputOf(context, options), made);
}

async function revoke(context: CliContext, id: string, options: CommonOptions): Promise<void> {
  const key = await withKeys(context, options, (keys) => keys.revoke(id));
  showResult(outputOf(context, options), key, () => `${key.id} is revoked`);
}

async function list(context: CliContext, options: ListOptions): Promise<void> {
  const { limit, cursor } = options;
  const page = await withKeys(context, options, (keys) => keys.list(given({ limit, cursor })));
  showPage(outputOf(context, options), page, options, {
    command: "keys list",
    flags: {},
    head: ["KEY", "STATE", "TENANT", "USER", "EXPIRES (UTC)", "LAST USED (UTC)", "SCOPES", "NAME"],
    row: (key: ShownKey) => [
      key.id,
      key.state,
      key.forTenant,
      key.forUser,
      dateOf(key.expiresAt),
      dateOf(key.lastUsedAt),
      key.scopes.join(" "),
      key.name,
    ],
    none: "There are no keys yet. Make one: agent33 keys create NAME --scope SCOPE",
  });
}

function dateOf(at: number | null): string {
  return at === null ? "-" : new Date(at).toISOString().slice(0, 16).replace("T", " ");
}

/** The secret alone on its line, so that it can be taken over. */
function tell(output: Output, { key, secret }: MadeKey): void {
  const { id, name, forTenant, forUser, scopes, expiresAt } = key;
  const facts = { id, name, forTenant, forUser, scopes, expiresAt, secret };
  showResult(output, facts, () => {
    output.err(`key ${id} for ${forUser} of ${forTenant}: ${scopes.join(", ")}`);
    output.err("it is shown this once:");
    return secret;
  });
}
