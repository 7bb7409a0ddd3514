import { withCommandWords } from "../agents/completion-schema.ts";
import { relocate, type Relocation } from "../agents/replay/relocation.ts";
import { replayReport, type ReplayReport } from "../agents/replay/report.ts";
import type { ReplayInput } from "../agents/replay/workflow.ts";
import { Agent33Error } from "../base/errors.ts";
import { isJsonObject } from "../base/json.ts";
import { defaultLeaseMs } from "../durable/sqlite.ts";
import { prepareHostWorkspace } from "../evaluation/environments/host-environment.ts";
import { loadTask } from "../evaluation/tasks/load-task.ts";
import type { Run } from "../store/repositories/runs.ts";
import type { CreateParts } from "./create-run.ts";
import { relocatedServers } from "./relocated-servers.ts";
import {
  copyWorkspace,
  rememberWorkspace,
  type RunFiles,
  runFiles,
  startDifferences,
  unlistedFolders,
} from "./run-files.ts";
import { parseRunSpec, type RunSpec } from "./run-spec.ts";
import { writeDown } from "./write-run.ts";
import { trialGone } from "./trial-session.ts";

export type { ReplayReport } from "../agents/replay/report.ts";

export interface ReplayRequest {
  /** Whether calls that leave the scratch copy are made, each after a question. Default: no. */
  readonly live?: boolean;
}

export interface ReplayParts extends CreateParts {
  readonly replayWorkflow: { readonly name: string; readonly version: number };
}

/** The run that a run replays, if it is a replay. */
export function replayedBy({ spec }: Pick<Run, "spec">): string | undefined {
  const of = isJsonObject(spec) ? spec["replayOf"] : undefined;
  return typeof of === "string" ? of : undefined;
}

/**
 * Writes down the replay of a run: a run of its own, which works in a scratch copy of what the run
 * began with.
 * @throws Agent33Error `engine.malformed_run` for a run of another version,
 * `engine.replay_of_replay`, `models.nothing_to_replay`, `evaluation.*`, `store.*`
 */
export async function createReplay(
  original: Run,
  { live = false }: ReplayRequest,
  parts: ReplayParts,
): Promise<string> {
  const { host, config, store, durable, dataDir } = parts;
  const of = original.id;
  const spec = parseRunSpec(of, original.spec);
  if (spec.replayOf !== undefined) throw isReplay(of, spec.replayOf);
  if (spec.trial !== undefined) throw trialGone(of, spec);
  // A replay is of one attempt.
  const { escalation: _escalation, ...alone } = spec;
  const throughSeq = store.runLog.read(of).at(-1)?.seq ?? 0;
  const wanted = {
    ...alone,
    model: `replay:${of}`,
    baseUrl: null,
    replayOf: of,
    replayThrough: throughSeq,
  };
  await parts.checkModel(wanted);
  const id = host.ids();
  const files = runFiles(dataDir, id);
  const copied = await scratchCopy(spec, runFiles(dataDir, of), files);
  const begun = moved(wanted, copied.moved);
  const input: ReplayInput = {
    of,
    throughSeq,
    live,
    approvalTtlMs: config.settings.approvals.ttlMinutes * 60_000,
  };
  const title = original.task;
  writeDown({ id, title, spec: begun, notices: copied.notices, messages: [] }, parts, () =>
    durable.start(parts.replayWorkflow, id, input, { leaveMs: defaultLeaseMs }),
  );
  return id;
}

/**
 * What a replay has found, as far as it has come.
 * @throws Agent33Error `engine.no_replay`
 */
export function reportOf(
  replay: Run,
  { store, dataDir }: Pick<ReplayParts, "store" | "dataDir">,
): ReplayReport {
  const { replayOf: of, replayThrough = 0 } = parseRunSpec(replay.id, replay.spec);
  if (of === undefined) {
    throw new Agent33Error("engine.no_replay", `Run ${replay.id} is no replay.`, {
      hint: `Replay it: agent33 replay ${replay.id}`,
    });
  }
  return replayReport({
    original: store.runLog.read(of).filter(({ seq }) => seq <= replayThrough),
    replay: store.runLog.read(replay.id),
    start: startDifferences(runFiles(dataDir, of), runFiles(dataDir, replay.id)),
  });
}

interface ScratchCopy {
  readonly moved: Relocation | undefined;
  readonly notices: readonly string[];
}

/** What the run began with, as far as it can be made again. */
async function scratchCopy(spec: RunSpec, of: RunFiles, files: RunFiles): Promise<ScratchCopy> {
  if (spec.workspace === null) return { moved: undefined, notices: [] };
  const copied = { from: spec.workspace, to: files.workspace };
  const notices: string[] = [];
  if (spec.task.kind === "folder") {
    await prepareHostWorkspace(await loadTask(spec.task.path), files.workspace);
  } else {
    const source = await copyWorkspace(of, spec.workspace, files.workspace);
    const without = `${unlistedFolders.join(" and ")} are not in the scratch copy.`;
    notices.push(
      ...(source === "kept"
        ? []
        : [
            "The files that the run began with were not kept; the copy is of the folder as it is now.",
          ]),
      without,
    );
  }
  await rememberWorkspace(files, files.workspace);
  return { moved: copied, notices };
}

function moved(spec: RunSpec, copied: Relocation | undefined): RunSpec {
  if (copied === undefined) return spec;
  const servers = [...relocatedServers(spec.servers, copied)];
  const inCopy = (word: string): string => relocate(word, copied);
  const checks = spec.checks.map((check) => ({ ...check, command: check.command.map(inCopy) }));
  const subAgents = spec.subAgents.map((agent) =>
    agent.completion === undefined
      ? agent
      : { ...agent, completion: withCommandWords(agent.completion, inCopy) },
  );
  return { ...spec, workspace: copied.to, servers, checks, subAgents };
}

function isReplay(id: string, of: string): Agent33Error {
  return new Agent33Error("engine.replay_of_replay", `Run ${id} is itself a replay.`, {
    hint: `Replay the run that it replays: agent33 replay ${of}`,
  });
}
