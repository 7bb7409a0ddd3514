import { statSync } from "node:fs";
import { resolve } from "node:path";
import { toolCallName } from "../agents/call-options.ts";
import { digestOf } from "../base/digest.ts";
import { isAgent33Error } from "../base/errors.ts";
import { err, ok } from "../base/result.ts";
import { type CompiledPolicy, compilePolicy } from "../boundary/policy/index.ts";
import { readLibrary, readPackFile, selectPacks } from "../boundary/policy/load.ts";
import { parsePack } from "../boundary/policy/pack-file.ts";
import {
  type FoundArguments,
  readRecordedCall,
  type RecordedCall,
} from "../boundary/policy/tools/recorded-call.ts";
import { createReplay, type Replay, type ReplayReport } from "../boundary/policy/tools/replay.ts";
import { type RuleChanges, ruleChanges } from "../boundary/policy/tools/rule-changes.ts";
import type { Config } from "../config/config.ts";
import { type StoredEvent, storedEventSchema } from "../events/event.ts";
import { parseArguments } from "../tools/arguments.ts";
import type { Host } from "./host.ts";
import { compileSelection } from "./policy.ts";
import { readExportedRows } from "./store-admin.ts";
import type { EngineStore } from "./tenant-store.ts";

/** Two policies and what their rules say differently. */
export interface PolicyPair {
  readonly before: CompiledPolicy;
  readonly after: CompiledPolicy;
  readonly rules: RuleChanges;
}

/**
 * Compiles two policies to be compared. Each is `settings` for the one that the settings put in
 * force, or packs by name or file joined with `+`; a file stands in for the pack whose name it has.
 * @throws Agent33Error `policy.*`
 */
export function pairPolicies(
  config: Config,
  host: Host,
  words: { readonly before: string; readonly after: string },
): PolicyPair {
  const before = policyNamed(words.before, config, host);
  const after = policyNamed(words.after, config, host);
  return { before, after, rules: ruleChanges(before, after) };
}

function policyNamed(word: string, config: Config, host: Host): CompiledPolicy {
  const { policy, tenant } = config.settings;
  if (word === "settings") {
    return compileSelection(policy, host.cwd, config.originOf).policyFor({
      entryPoint: "cli",
      tenant,
    });
  }
  const library = new Map(readLibrary(policy.files.map((path) => resolve(host.cwd, path))));
  const parts = isFile(resolve(host.cwd, word)) ? [word] : word.split("+");
  const select = parts.map((part) => {
    const path = resolve(host.cwd, part);
    if (!part.includes("/") && !/\.ya?ml$/.test(part)) return part;
    const pack = parsePack(readPackFile(path), path);
    library.set(pack.name, pack);
    return pack.name;
  });
  return compilePolicy(selectPacks(library, select), {
    blocklist: { connectors: policy.blockConnectors, operations: policy.blockOperations },
  });
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Told how many calls have been looked at. */
type OnProgress = (progress: { readonly phase: string; readonly done: number }) => void;

const pageSize = 500;

/** Asks both policies about every call in the store's audit, newest first. */
export function replayStore(
  { before, after }: PolicyPair,
  store: Pick<EngineStore, "audit" | "runLog">,
  onProgress: OnProgress,
): ReplayReport {
  const replay = createReplay(before, after);
  const logs = new Map<string, ReadonlyMap<string, string>>();
  const logOf = (runId: string): ReadonlyMap<string, string> => {
    const known = logs.get(runId);
    if (known !== undefined) return known;
    // Calls of a run stand close together: a few logs at once are enough.
    if (logs.size >= 8) logs.clear();
    const made = argumentTexts(readLog(store, runId));
    logs.set(runId, made);
    return made;
  };
  let cursor: string | null | undefined;
  let done = 0;
  while (cursor !== null) {
    const page = store.audit.list({
      limit: pageSize,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const { record } of page.items) take(replay, record, logOf);
    for (const _ of page.damaged ?? []) replay.skip("unreadable");
    done += page.items.length;
    onProgress({ phase: "calls", done });
    cursor = page.nextCursor;
  }
  return replay.report();
}

/**
 * Asks both policies about every call of one tenant in an export of a store. The arguments of all
 * its tool calls are held in memory meanwhile.
 * @throws Agent33Error `store.unknown_source`, `store.unreadable_source`, `store.newer_schema`
 */
export async function replayExport(
  { before, after }: PolicyPair,
  file: string,
  config: Config,
  host: Host,
  onProgress: OnProgress,
): Promise<ReplayReport> {
  const { tenant } = config.settings;
  const replay = createReplay(before, after);
  const logs = new Map<string, Map<string, string>>();
  let done = 0;
  // Runs come before their events, and both before the audit.
  for await (const line of readExportedRows(resolve(host.cwd, file))) {
    if (line.kind !== "row") {
      replay.skip(line.kind === "bad" ? "unreadable" : "cut_off");
      continue;
    }
    const { table, row } = line;
    if (table === "runs" && row["tenant"] === tenant) logs.set(String(row["id"]), new Map());
    if (table === "run_events" && row["type"] === "tool.started") {
      const log = logs.get(String(row["run_id"]));
      const event = storedEventSchema.safeParse(jsonOf(String(row["event"]))).data;
      if (log !== undefined && event !== undefined) noteArguments(log, event);
    }
    if (table !== "audit" || row["tenant"] !== tenant) continue;
    take(replay, jsonOf(String(row["record"])), (runId) => logs.get(runId));
    done += 1;
    if (done % pageSize === 0) onProgress({ phase: "calls", done });
  }
  return replay.report();
}

/** @param logOf the texts of a run's arguments; undefined where its log is not there */
function take(
  replay: Replay,
  record: unknown,
  logOf: (runId: string) => ReadonlyMap<string, string> | undefined,
): void {
  const call = readRecordedCall(record);
  if (!call.ok) return replay.skip(call.error);
  replay.take(call.value, () => argumentsIn(call.value, logOf));
}

/** The arguments that a call was made with, out of the log of its run. */
function argumentsIn(
  { runId, logicalCallId, argsDigest }: RecordedCall,
  logOf: (runId: string) => ReadonlyMap<string, string> | undefined,
): FoundArguments {
  if (argsDigest === undefined) return ok(undefined);
  if (runId === undefined) return err("no_run");
  const log = logOf(runId);
  if (log === undefined || log.size === 0) return err("no_log");
  const text = log.get(logicalCallId);
  if (text === undefined) return err("not_logged");
  const parsed = parseArguments(text);
  // What the tool made of them is not in the log: only its digest is known.
  if (!parsed.ok || digestOf(parsed.value) !== argsDigest) return err("changed_arguments");
  return ok(parsed.value);
}

function readLog({ runLog }: Pick<EngineStore, "runLog">, runId: string): readonly StoredEvent[] {
  try {
    return runLog.read(runId);
  } catch (error) {
    if (isAgent33Error(error) && error.code === "events.malformed") return [];
    throw error;
  }
}

function argumentTexts(events: readonly StoredEvent[]): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const event of events) noteArguments(texts, event);
  return texts;
}

function noteArguments(texts: Map<string, string>, event: StoredEvent): void {
  if (event.type === "tool.started") texts.set(toolCallName(event), event.argumentsText);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
