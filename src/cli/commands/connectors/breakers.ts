import type { Command } from "commander";
import { suggestName } from "../../../base/nearest.ts";
import type { Boundary } from "../../../engine.ts";
import {
  addCommonOptions,
  type CliContext,
  configOf,
  outputOf,
  withEngine,
} from "../../context.ts";
import { columns, oneLine } from "../../output.ts";
import { duration, someText, usageError } from "../../usage.ts";

interface Options {
  readonly data?: string;
  readonly json?: boolean;
}

interface ForceOptions extends Options {
  /** Milliseconds. */
  readonly for?: number;
  readonly reason: string;
}

type Snapshot = ReturnType<Boundary["breakers"]>[number];

export function breakersCommands(connectors: Command, context: CliContext): void {
  const breakers = connectors
    .command("breakers")
    .description("circuit breakers: what is not called because it kept failing");
  addCommonOptions(breakers.command("list", { isDefault: true }))
    .description("breakers that have opened or are forced")
    .action((options: Options) => list(context, options));
  for (const [word, state, meaning] of [
    ["open", "open", "let nothing through, in every process that shares the store"],
    ["close", "closed", "let everything through, whatever fails"],
  ] as const) {
    addCommonOptions(breakers.command(word))
      .description(meaning)
      .argument("<key>", "the breaker's key, as `list` shows it")
      .requiredOption("--reason <text>", "why; callers are told", someText("--reason"))
      .option(
        "--for <time>",
        "for how long, as 30s, 10m, 2h, 1d (default: until reset)",
        duration("--for"),
      )
      .action((key: string, options: ForceOptions) => force(context, key, state, options));
  }
  addCommonOptions(breakers.command("reset"))
    .description("take back what was forced, and forget what failed")
    .argument("<key>", "the breaker's key, as `list` shows it")
    .action((key: string, options: Options) => reset(context, key, options));
}

async function list(context: CliContext, options: Options): Promise<void> {
  const output = outputOf(context, options);
  await withEngine(context, configOf(context, options), async ({ boundary }) => {
    const breakers = boundary.breakers();
    if (output.json) output.out(JSON.stringify({ items: breakers }));
    else if (breakers.length === 0) output.out("No breaker has opened, and none is forced.");
    else {
      const rows = breakers.map((one) => [
        one.key,
        one.state,
        one.state === "open" ? `${Math.ceil(one.cooldownLeftMs / 1000)} s` : "-",
        String(one.timesOpened),
        forcedInWords(one),
      ]);
      output.out(columns([["BREAKER", "STATE", "FOR", "OPENED", "FORCED"], ...rows]));
    }
  });
}

async function force(
  context: CliContext,
  key: string,
  state: "open" | "closed",
  options: ForceOptions,
): Promise<void> {
  const output = outputOf(context, options);
  const config = configOf(context, options);
  await withEngine(context, config, async ({ boundary }) => {
    const known = boundary.breakers().some((one) => one.key === key);
    const until = options.for === undefined ? null : context.host.clock.now() + options.for;
    const { reason } = options;
    boundary.forceBreaker(key, { state, until, by: config.settings.user, reason });
    if (output.json) output.out(JSON.stringify({ key, state, until, known }));
    else {
      output.out(
        `${key} is forced ${state} ${until === null ? "until it is reset" : `until ${time(until)}`}.`,
      );
      if (!known)
        output.out("No breaker of this key has opened so far: see that it is spelt right.");
    }
  });
}

async function reset(context: CliContext, key: string, options: Options): Promise<void> {
  const output = outputOf(context, options);
  await withEngine(context, configOf(context, options), async ({ boundary }) => {
    const known = boundary.breakers().map((one) => one.key);
    if (!known.includes(key))
      throw usageError(`There is no breaker "${key}".`, suggestName(key, known));
    boundary.resetBreaker(key);
    output.out(output.json ? JSON.stringify({ key, state: "closed" }) : `${key} is closed.`);
  });
}

function forcedInWords({ forced }: Snapshot): string {
  if (forced === null) return "-";
  const until = forced.until === null ? "until reset" : `until ${time(forced.until)}`;
  return oneLine(`${forced.state} ${until} by ${forced.by}: ${forced.reason}`, 80);
}

const time = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} UTC`;
