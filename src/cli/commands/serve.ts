import type { Command } from "commander";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
} from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { numberWithin } from "../usage.ts";

interface ServeOptions extends CommonOptions {
  readonly host?: string;
  readonly port?: number;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly allowPlainRemote?: boolean;
}

/** `agent33 serve`: the API over HTTP, until it is told to stop. */
export function serveCommand(program: Command, context: CliContext): void {
  addCommonOptions(program.command("serve"))
    .description("serve the API over HTTP, and work on its runs")
    .option("--host <address>", "address to listen on; this machine's own by default")
    .option(
      "--port <n>",
      "port to listen on; 0 takes any that is free",
      numberWithin("--port", 0, 65_535),
    )
    .option("--tls-cert <file>", "PEM file with the certificate")
    .option("--tls-key <file>", "PEM file with its key")
    .option(
      "--allow-plain-remote",
      "serve other machines without TLS, as behind a proxy that has it",
    )
    .action((options: ServeOptions) => serve(context, options));
}

async function serve(context: CliContext, options: ServeOptions): Promise<void> {
  const output = outputOf(context, options);
  const config = configOf(context, options, [
    { setting: "serve.host", flag: "--host", value: options.host },
    { setting: "serve.port", flag: "--port", value: options.port },
    { setting: "serve.tlsCert", flag: "--tls-cert", value: options.tlsCert },
    { setting: "serve.tlsKey", flag: "--tls-key", value: options.tlsKey },
    {
      setting: "serve.allowPlainRemote",
      flag: "--allow-plain-remote",
      value: options.allowPlainRemote,
    },
  ]);
  const stopped = Promise.withResolvers<void>();
  let isStopping = false;
  const restore = context.onInterrupt(() => {
    // Children are ended by the sandbox's exit guard.
    if (isStopping) process.exit(exitCodes.cancelled);
    isStopping = true;
    output.err(
      "closing: requests in hand are answered, runs are let go of; once more ends at once",
    );
    stopped.resolve();
  });
  try {
    // Only this command needs a server, and no other should wait for it to be loaded.
    const { startServer } = await import("../../http/server.ts");
    const server = await startServer(config, context.host, ({ from, to }) =>
      output.err(`The store was brought from schema ${from} to ${to}.`),
    );
    const { address, firstKey } = server;
    const { dataDir } = server.engines.own;
    if (output.json) {
      const key = firstKey === undefined ? {} : { firstKey };
      output.out(JSON.stringify({ kind: "ready", address, dataDir, ...key }));
    } else {
      output.out(`serving ${address} (API: ${address}/docs, data in ${dataDir})`);
      if (firstKey !== undefined) {
        output.out(`the first key, with every right; it is shown this once: ${firstKey}`);
      }
    }
    await stopped.promise;
    await server.close();
  } finally {
    restore();
  }
}
