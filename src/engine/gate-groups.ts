import { dirname } from "node:path";
import { groupCheck, type RunGroup } from "../evaluation/gates/group-check.ts";
import type { GateCheck } from "../evaluation/gates/verdict.ts";
import { runGroup } from "../evaluation/groups/run-group.ts";
import type { Host } from "./host.ts";
import type { OpenGate } from "./open-gate.ts";
import { releaseCommands } from "./release-commands.ts";

export { groupProblems, type RunGroup } from "../evaluation/gates/group-check.ts";

/** Who is told of groups while a gate runs them, and what ends them. */
export interface GroupWatch {
  readonly signal?: AbortSignal;
  readonly onEnd?: (group: RunGroup) => void;
}

/**
 * Runs the groups that a gate asks for, one after the other, where its file is: a check that blocks for
 * each. They try what is checked out now, whatever job is judged.
 * @throws whatever the signal was stopped with: half of them say nothing
 */
export async function groupChecks(
  host: Pick<Host, "clock" | "env" | "nodePath">,
  { file, groups }: Pick<OpenGate, "file" | "groups">,
  { signal, onEnd }: GroupWatch = {},
): Promise<readonly GateCheck[]> {
  const { declared } = releaseCommands(host);
  const given = signal === undefined ? {} : { signal };
  const run: typeof declared = (command, options) => declared(command, { ...options, ...given });
  const checks: GateCheck[] = [];
  for (const { name, group } of groups) {
    const { recorded, tests } = await runGroup({ declared: run }, dirname(file), name, group);
    signal?.throwIfAborted();
    const failed = tests.filter(({ status }) => status === "failed").map((test) => test.name);
    const ran = { ...recorded, failed };
    onEnd?.(ran);
    checks.push(groupCheck(ran, group.owner));
  }
  return checks;
}
