import { mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { stringify } from "yaml";
import type { JsonValue } from "../../../src/base/json.ts";
import { type CliProcess, startCli } from "../../support/cli.ts";

/** An `agent33 serve` of its own process. */
export interface Served {
  readonly address: string;
  readonly pid: number;
  /** What it said of its first key; undefined where it made none. */
  readonly firstKey: string | undefined;
  /** Milliseconds from its start until it said that it is ready. */
  readonly readyMs: number;
  readonly cli: CliProcess;
  kill(signal: "SIGTERM" | "SIGINT" | "SIGKILL"): void;
  /** What it complained of so far. */
  complaints(): string;
}

const readySchema = z.looseObject({
  kind: z.literal("ready"),
  address: z.string(),
  firstKey: z.string().exactOptional(),
});

/** A folder with settings, for a server of its own. */
export function serverFolder(name: string, settings: JsonValue): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), `agent33-${name}-`)));
  writeFileSync(join(folder, "agent33.config.yaml"), stringify(settings));
  return folder;
}

/** Starts the server of a folder's settings and waits until it is ready. */
export async function startServed(
  folder: string,
  env: Record<string, string> = {},
): Promise<Served> {
  const began = performance.now();
  const cli = startCli(["serve", "--port", "0", "--json"], { cwd: folder, env });
  let out = "";
  let err = "";
  cli.child.stdout?.on("data", (chunk: string) => (out += chunk));
  cli.child.stderr?.on("data", (chunk: string) => (err += chunk));
  await cli.seen("\n");
  const readyMs = performance.now() - began;
  const { address, firstKey } = readySchema.parse(JSON.parse(out.split("\n")[0] ?? ""));
  const { pid } = cli.child;
  if (pid === undefined) throw new Error("the server did not start");
  return {
    address,
    pid,
    firstKey,
    readyMs,
    cli,
    kill: (signal) => void cli.child.kill(signal),
    complaints: () => err,
  };
}
