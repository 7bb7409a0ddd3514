import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { Agent33Error } from "../base/errors.ts";
import { egressGuardFile } from "../boundary/egress/guard.ts";
import { runCommand } from "../evaluation/run-command.ts";
import { childEnvironment } from "../sandbox/child-environment.ts";
import type { Processes } from "../sandbox/process.ts";
import type { SnapshotReport } from "../store/sqlite/snapshot.ts";
import type { Snapshot } from "../store/upgrade.ts";
import { snapshotGrant } from "./grants.ts";
import type { Host } from "./host.ts";

const answerSchema = z.union([
  z.object({
    report: z.object({
      path: z.string(),
      bytes: z.number(),
      sha256: z.string(),
      schemaVersion: z.number(),
      rows: z.record(z.string(), z.number()),
    }),
  }),
  z.object({
    error: z.object({
      code: z.string(),
      message: z.string(),
      hint: z.string().optional(),
      retryable: z.boolean(),
    }),
  }),
]);

/** From source the program is TypeScript, published it is JavaScript; it stands beside its room. */
const program = fileURLToPath(
  new URL(
    `../store/sqlite/snapshot-main${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`,
    import.meta.url,
  ),
);
const longestMs = 6 * 3_600_000;

/** Takes snapshots in a child process, so that this one goes on answering. */
export function snapshotChild(host: Host, processes: Processes): Snapshot {
  return async (source, target): Promise<SnapshotReport> => {
    const { end, output } = await runCommand({
      command: host.nodePath,
      args: [
        "--disable-warning=ExperimentalWarning",
        "--require",
        egressGuardFile,
        program,
        source,
        target,
      ],
      cwd: dirname(source),
      env: childEnvironment(host.env, { nodePath: host.nodePath }),
      timeoutMs: longestMs,
      spawn: snapshotGrant.bind(processes.spawn),
      clock: host.clock,
    });
    const last = output.trim().split("\n").at(-1) ?? "";
    const answer = answerSchema.safeParse(last.startsWith("{") ? JSON.parse(last) : undefined);
    if (answer.success && "report" in answer.data) return answer.data.report;
    if (answer.success && "error" in answer.data) {
      const { code, message, hint, retryable } = answer.data.error;
      throw new Agent33Error(code, message, {
        retryable,
        ...(hint === undefined ? {} : { hint }),
      });
    }
    throw new Agent33Error(
      "store.snapshot_failed",
      `The snapshot of ${source} did not end well (${end.kind}): ${output.slice(-500)}`,
      { hint: "Nothing was changed. Free space and memory, then try again." },
    );
  };
}
