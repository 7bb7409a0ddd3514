import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { Agent33Error } from "../base/errors.ts";
import { egressGuardFile } from "../boundary/egress/guard.ts";
import { runCommand } from "../evaluation/commands/run-command.ts";
import { childEnvironment } from "../sandbox/child-environment.ts";
import type { Processes } from "../sandbox/process.ts";
import type { Snapshot } from "../store/upgrade.ts";
import { snapshotGrant } from "./grants.ts";
import type { Host } from "./host.ts";

/** From source the programs are TypeScript, published they are JavaScript; they stand in their room. */
const ending = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
const programs = {
  snapshot: `../store/sqlite/snapshot-main${ending}`,
  backup: `../store/backup/take-main${ending}`,
  check: `../store/check-main${ending}`,
  verify: `../store/backup/verify-main${ending}`,
} as const;
const longestMs = 6 * 3_600_000;

const errorSchema = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    hint: z.string().optional(),
    retryable: z.boolean(),
  }),
});

const snapshotSchema = z.object({
  path: z.string(),
  bytes: z.number(),
  sha256: z.string(),
  schemaVersion: z.number(),
  rows: z.record(z.string(), z.number()),
});

/** What the store has a process of its own for, so that this one goes on answering. */
export interface StoreChild<T> {
  readonly program: keyof typeof programs;
  readonly args: readonly string[];
  /** The file of the store. */
  readonly source: string;
  /** What the program reports. */
  readonly report: z.ZodType<T>;
  /** Ends it when it aborts. */
  readonly signal?: AbortSignal;
}

/** @throws Agent33Error what the child says, `store.snapshot_failed` where it says nothing */
export async function runStoreChild<T>(
  { program, args, source, report, signal }: StoreChild<T>,
  host: Host,
  processes: Processes,
): Promise<T> {
  const { end, output, stdout } = await runCommand({
    command: host.nodePath,
    args: [
      "--disable-warning=ExperimentalWarning",
      "--require",
      egressGuardFile,
      fileURLToPath(new URL(programs[program], import.meta.url)),
      ...args,
    ],
    cwd: dirname(source),
    env: childEnvironment(host.env, { nodePath: host.nodePath }),
    timeoutMs: longestMs,
    spawn: snapshotGrant.bind(processes.spawn),
    clock: host.clock,
    ...(signal === undefined ? {} : { signal }),
  });
  const last = stdout.trim().split("\n").at(-1) ?? "";
  const said: unknown = last.startsWith("{") ? JSON.parse(last) : undefined;
  const answer = z.object({ report }).safeParse(said);
  if (answer.success) return answer.data.report;
  const failure = errorSchema.safeParse(said);
  if (failure.success) {
    const { code, message, hint, retryable } = failure.data.error;
    throw new Agent33Error(code, message, {
      retryable,
      ...(hint === undefined ? {} : { hint }),
    });
  }
  throw new Agent33Error(
    "store.snapshot_failed",
    `The copy of ${source} did not end well (${end.kind}): ${output.slice(-500)}`,
    { hint: "Nothing was changed. Free space and memory, then try again." },
  );
}

/** Takes snapshots in a child process, so that this one goes on answering. */
export function snapshotChild(host: Host, processes: Processes): Snapshot {
  return (source, target) =>
    runStoreChild(
      { program: "snapshot", args: [source, target], source, report: snapshotSchema },
      host,
      processes,
    );
}
