import { statSync } from "node:fs";
import { resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import { toolCallName } from "../agents/scope.ts";
import { digestOf } from "../base/digest.ts";
import { isAgent33Error } from "../base/errors.ts";
import { err, ok } from "../base/result.ts";
import { type CompiledPolicy, compilePolicy } from "../boundary/policy/index.ts";
import { readLibrary, readPackFile, selectPacks } from "../boundary/policy/load.ts";
import { parsePack } from "../boundary/policy/pack-file.ts";
import {
  type CallLog,
  type FoundArguments,
  readRecordedCall,
  type RecordedCall,
} from "../boundary/policy/tools/recorded-call.ts";
import { createReplay, type Replay, type ReplayReport } from "../boundary/policy/tools/replay.ts";
import { type RuleChanges, ruleChanges } from "../boundary/policy/tools/rule-changes.ts";
import type { Config } from "../config/config.ts";
import type { EntryPoint } from "../config/schema.ts";
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

/** A pack by its name, or a pack file: it stands in for the pack whose name it has. */
export type PolicyWord = { readonly pack: string } | { readonly file: string };
/** What a policy is made of; without anything, of what the settings put in force. */
export type PolicyWords = readonly PolicyWord[];

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
  const parts = (text: string): PolicyWords => {
    if (text === "settings") return [];
    const all = isFile(resolve(host.cwd, text)) ? [text] : text.split("+");
    return all.map((part) =>
      part.includes("/") || /\.ya?ml$/.test(part) ? { file: part } : { pack: part },
    );
  };
  return pairOf(config, host, { before: parts(words.before), after: parts(words.after) }, "cli");
}

/**
 * The same of policies whose parts are known.
 * @param entryPoint whose calls the settings' policy is for
 * @throws Agent33Error `policy.*`
 */
export function pairOf(
  config: Config,
  host: Pick<Host, "cwd">,
  words: { readonly before: PolicyWords; readonly after: PolicyWords },
  entryPoint: EntryPoint,
): PolicyPair {
  const before = policyOf(words.before, config, host, entryPoint);
  const after = policyOf(words.after, config, host, entryPoint);
  return { before, after, rules: ruleChanges(before, after) };
}

function policyOf(
  words: PolicyWords,
  config: Config,
  { cwd }: Pick<Host, "cwd">,
  entryPoint: EntryPoint,
): CompiledPolicy {
  const { policy, tenant } = config.settings;
  if (words.length === 0) {
    return compileSelection(policy, cwd, config.originOf).policyFor({ entryPoint, tenant });
  }
  const library = new Map(readLibrary(policy.files.map((path) => resolve(cwd, path))));
  const select = words.map((word) => {
    if ("pack" in word) return word.pack;
    const path = resolve(cwd, word.file);
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

/** What the log of a run says of one tool call. */
interface LoggedCall {
  readonly argumentsText?: string;
  readonly end?: { readonly callId: string | undefined; readonly succeeded: boolean };
}

/** The tool calls of a run, by their names within it. */
type RunCalls = Map<string, LoggedCall>;

/**
 * Asks both policies about every call in the store's audit, page by page: whatever else goes on in
 * this process gets its turn between two.
 * @throws what `signal` is aborted with
 */
export async function replayStore(
  { before, after }: PolicyPair,
  store: Pick<EngineStore, "audit" | "runLog">,
  onProgress: OnProgress,
  signal?: AbortSignal,
): Promise<ReplayReport> {
  const replay = createReplay(before, after);
  const logs = new Map<string, RunCalls>();
  const logOf = (runId: string): RunCalls => {
    const known = logs.get(runId);
    if (known !== undefined) return known;
    // Calls of a run stand close together: a few logs at once are enough.
    if (logs.size >= 8) logs.clear();
    const made = callsIn(readLog(store, runId));
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
    await setImmediate();
    signal?.throwIfAborted();
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
  const logs = new Map<string, RunCalls>();
  let done = 0;
  // Runs come before their events, and both before the audit.
  for await (const line of readExportedRows(resolve(host.cwd, file))) {
    if (line.kind !== "row") {
      replay.skip(line.kind === "bad" ? "unreadable" : "cut_off");
      continue;
    }
    const { table, row } = line;
    if (table === "runs" && row["tenant"] === tenant) logs.set(String(row["id"]), new Map());
    if (table === "run_events" && toldBy.has(String(row["type"]))) {
      const log = logs.get(String(row["run_id"]));
      const event = storedEventSchema.safeParse(jsonOf(String(row["event"]))).data;
      if (log !== undefined && event !== undefined) noteCall(log, event);
    }
    if (table !== "audit" || row["tenant"] !== tenant) continue;
    take(replay, jsonOf(String(row["record"])), (runId) => logs.get(runId));
    done += 1;
    if (done % pageSize === 0) onProgress({ phase: "calls", done });
  }
  return replay.report();
}

/** @param logOf the tool calls of a run; undefined where its log is not there */
function take(
  replay: Replay,
  record: unknown,
  logOf: (runId: string) => RunCalls | undefined,
): void {
  const call = readRecordedCall(record);
  if (!call.ok) return replay.skip(call.error);
  const log: CallLog = {
    arguments: () => argumentsIn(call.value, logOf),
    succeeded: () => successIn(call.value, logOf),
  };
  replay.take(call.value, log);
}

/** Whether the tool's answer says that it did its work, out of the log of the call's run. */
function successIn(
  { runId, logicalCallId, callId }: RecordedCall,
  logOf: (runId: string) => RunCalls | undefined,
): boolean | undefined {
  const end = runId === undefined ? undefined : logOf(runId)?.get(logicalCallId)?.end;
  // A call that was taken up again has two records and one end.
  return end?.callId === callId ? end.succeeded : undefined;
}

/** The arguments that a call was made with, out of the log of its run. */
function argumentsIn(
  { runId, logicalCallId, argsDigest }: RecordedCall,
  logOf: (runId: string) => RunCalls | undefined,
): FoundArguments {
  if (argsDigest === undefined) return ok(undefined);
  if (runId === undefined) return err("no_run");
  const log = logOf(runId);
  if (log === undefined || log.size === 0) return err("no_log");
  const text = log.get(logicalCallId)?.argumentsText;
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

function callsIn(events: readonly StoredEvent[]): RunCalls {
  const calls: RunCalls = new Map();
  for (const event of events) noteCall(calls, event);
  return calls;
}

const toldBy: ReadonlySet<string> = new Set(["tool.started", "tool.completed"]);

function noteCall(calls: RunCalls, event: StoredEvent): void {
  if (event.type !== "tool.started" && event.type !== "tool.completed") return;
  const name = toolCallName(event);
  const { argumentsText, end } = calls.get(name) ?? {};
  if (event.type === "tool.started") {
    calls.set(name, { argumentsText: event.argumentsText, ...(end === undefined ? {} : { end }) });
  } else {
    const { callId, isError } = event;
    calls.set(name, {
      ...(argumentsText === undefined ? {} : { argumentsText }),
      end: { callId, succeeded: !isError },
    });
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
