import { budgetsOf } from "../agents/budgets.ts";
import type { AgentSide, RunSession } from "../agents/ports.ts";
import { unwrap } from "../base/result.ts";
import type { Redactor } from "../base/redact.ts";
import type { Boundary } from "../boundary/boundary.ts";
import { javascriptTool } from "../connectors/javascript/connector.ts";
import { type GovernedTool, governed } from "../connectors/governed-tool.ts";
import type { OpenedConnector } from "../connectors/kind.ts";
import { shellTool } from "../connectors/shell/connector.ts";
import { appendLineTool } from "../connectors/workspace/connector.ts";
import type { Workspace } from "../connectors/workspace/files.ts";
import type { NewEvent, NewLiveEvent, StoredEvent } from "../events/event.ts";
import { commandsIn } from "../evaluation/commands/run-command.ts";
import { loadTask } from "../evaluation/tasks/load-task.ts";
import type { Task } from "../evaluation/tasks/task.ts";
import { verify } from "../evaluation/environments/verifier.ts";
import type { Model } from "../models/model.ts";
import { keyVariableOf } from "../models/providers.ts";
import { loadPrices } from "../models/prices.ts";
import { loadTokenCounter } from "../models/tokens.ts";
import { childEnvironment } from "../sandbox/child-environment.ts";
import type { Processes } from "../sandbox/process.ts";
import type { Skill } from "../skills/skill.ts";
import { type Tool, toolDigest } from "../tools/tool.ts";
import { agentPlaces } from "./agents.ts";
import type { SyncTenantStore } from "../store/repositories/index.ts";
import { readLock } from "../config/lock.ts";
import type { Settings } from "../config/schema.ts";
import type { Approvals } from "./approvals.ts";
import { type ConfiguredConnector, connectorNotices } from "./connectors.ts";
import type { Confinements } from "./confined-servers.ts";
import { openSide } from "./agent-sides.ts";
import { createCallers } from "./callers.ts";
import { type CheckPlace, ownCompletion, sessionCompletion } from "./completion.ts";
import { egressNote, evaluationGrant } from "./grants.ts";
import type { Host } from "./host.ts";
import type { LiveRuns } from "./live-runs.ts";
import type { NamedModel } from "./model-source.ts";
import { loggedSampling } from "./logged-sampling.ts";
import { runFiles, workspaceChanges } from "./run-files.ts";
import { withPins } from "./pinned-policy.ts";
import type { Policies } from "./policies.ts";
import type { RunSpec } from "./run-spec.ts";
import { knownTools } from "./run-tools.ts";
import { governedRunModel } from "./run-model.ts";
import { findSandbox } from "./sandbox.ts";
import { withChangedSkills } from "./changed-skills.ts";
import { matchedSkills } from "./run-skill-match.ts";
import type { SkillMatcherParts } from "./skill-matcher.ts";
import { runSkills, skillPaths } from "./skills.ts";
import { poisonNotices } from "./poisoned-tools.ts";
import { createTaint } from "./scanned-tools.ts";
import { serverSampling } from "./server-sampling.ts";
import { openServers } from "./servers.ts";
import type { ArrangedTools } from "./tool-search.ts";
import { type SessionTrial, sessionTrial, trialCommands, trialShell } from "./trial-session.ts";

export interface SessionParts {
  readonly host: Host;
  readonly settings: Settings;
  readonly environments: LiveRuns["environments"];
  readonly dataDir: string;
  /** Where the pins of MCP tools are kept. */
  readonly lockFile: string;
  readonly boundary: Boundary;
  readonly policies: Policies;
  readonly processes: Processes;
  readonly connectors: readonly ConfiguredConnector[];
  readonly confinements: Confinements;
  readonly model: (spec: RunSpec) => Promise<Model>;
  readonly fallbacks: (spec: RunSpec) => Promise<readonly NamedModel[]>;
  readonly live: (runId: string, event: NewLiveEvent) => void;
  readonly approvalsOf: (tenant: string) => SyncTenantStore["approvals"];
  readonly personFor: Approvals["personFor"];
  /** Adds to a run's log what happens beside its turns and calls. */
  readonly append: (runId: string, events: readonly NewEvent[]) => void;
  readonly read: (runId: string) => readonly StoredEvent[];
  readonly redactor: Redactor;
  /** Opens the settings' model for vectors; undefined where they name none. */
  readonly embedding: SkillMatcherParts["embedding"];
}

/** A session, the event that tells of it, and how to end it. */
export interface OpenedSession {
  readonly session: RunSession;
  readonly event: NewEvent;
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly signal: AbortSignal;
  /** The run's log so far. */
  readonly events: readonly StoredEvent[];
}

/**
 * Opens everything that a run works with: its model, its servers, its tools, its skills, its
 * checks. Nothing stays open when it throws.
 * @throws Agent33Error whatever keeps one of them from opening
 */
export async function openSession(
  runId: string,
  spec: RunSpec,
  parts: SessionParts,
  { signal, events }: OpenOptions,
): Promise<OpenedSession> {
  const earlier = events.findLast((event) => event.type === "session.opened");
  const trial = await sessionTrial(runId, spec, parts.environments);
  const task = spec.task.kind === "folder" ? await loadTask(spec.task.path) : undefined;
  const work = trial?.task ?? task;
  const model = await parts.model(spec);
  const lock = readLock(parts.lockFile);
  const ofPacks = parts.policies.policyFor(spec.policy, {
    entryPoint: spec.entryPoint,
    tenant: spec.principal.tenant,
  });
  const known = knownTools(runId, events, parts.approvalsOf(spec.principal.tenant));
  const { tenant } = spec.principal;
  const { settings: all, host: machine } = parts;
  const agents = [spec.agent, ...spec.subAgents];
  const arm = spec.trial?.skills;
  const found = await runSkills({ settings: all, machine, lock, tenant, task: work, agents, arm });
  const policy = withChangedSkills(withPins(ofPacks, lock, known), found.changed);
  const prices = await loadPrices({ clock: parts.host.clock, overrides: parts.settings.prices });
  const tokens = await loadTokenCounter();
  // An agent that has one turn has no use for what it could act with.
  const acts = spec.mode === "iterative";
  const shell = await openShell(spec, parts, trial);
  const named = { model, name: spec.model, fallbacks: await parts.fallbacks(spec) };
  const { boundary, host, append } = parts;
  const governedModel = governedRunModel(named, {
    boundary,
    prices,
    tokens,
    clock: host.clock,
    events,
    append: (added) => append(runId, [added]),
  });
  const callers = createCallers();
  const sampled = {
    runId,
    callers,
    principal: spec.principal,
    policy,
    maxOutputTokens: spec.effort.maxOutputTokens,
    append: parts.append,
  };
  const sample =
    spec.replayOf === undefined
      ? serverSampling(governedModel, sampled)
      : loggedSampling(parts.read(spec.replayOf), parts.read(runId), sampled);
  // What people answered servers is not kept, and nobody is asked the same twice.
  const person =
    spec.replayOf === undefined ? parts.personFor(spec.principal.tenant, runId) : undefined;
  const use = { policy, signal, earlier, sample, person };
  const { handles: servers, ...left } = await openServers(runId, spec, use, { ...parts, lock });
  known.opened(servers);
  const workspace = workspaceOf(spec, parts);
  let closed: Promise<void> | undefined;
  const closeTools = (hurry?: AbortSignal): Promise<void> => {
    closed ??= Promise.all(servers.map((server) => server.close(hurry))).then(() => undefined);
    return closed;
  };
  try {
    const skills = await matchedSkills(found.skills, {
      dataDir: parts.dataDir,
      embedding: parts.embedding,
      spec,
      events,
      replayed: spec.replayOf === undefined ? undefined : parts.read(spec.replayOf),
      model: governedModel,
      call: {
        runId,
        principal: spec.principal,
        policy,
        signal,
        budgets: Object.values(budgetsOf(runId)),
      },
      append: (event) => append(runId, [event]),
    });
    // What leads out of a trial's environment would change what is measured in it.
    const connectors = trial === undefined ? parts.connectors : [];
    const own = [
      ...connectors.flatMap((one) => ("opened" in one ? toolsOf(one.opened, workspace) : [])),
      ...(workspace === undefined
        ? []
        : [governed(appendLineTool(workspace.root, workspace.closed))]),
      ...shell.tools.map(governed),
      ...(parts.settings.sandbox.javascript ? [governed(javascriptTool(parts.host.clock))] : []),
    ];
    const { boundary, redactor, settings } = parts;
    const inside = checkPlace(spec, parts, trial);
    const {
      side,
      tools,
      skills: its,
      notices: sideNotices,
    } = openSide(
      {
        boundary,
        redactor,
        taint: createTaint(events),
        settings: settings.tools,
        tokens,
        skillListTokens: all.skills.listTokens,
        context: spec.context,
        model: {
          contextTokens: prices.contextTokens(model.info),
          isHosted: keyVariableOf(model.info.provider) !== undefined,
        },
        packs: ofPacks,
        policy,
        tiers: spec.routing?.tiers,
        subAgents: spec.subAgents,
        callers,
        completionOf: (agent) => ownCompletion(agent, inside),
      },
      {
        agent: spec.agent,
        principal: spec.principal,
        effort: spec.effort,
        own: acts ? own : [],
        offered: acts ? servers.flatMap((server) => server.tools) : [],
        skills,
        loads: acts,
        preloaded: [],
        earlier,
        above: [],
        levels: acts && spec.limits.maxSubagents > 0 ? spec.limits.maxDepth : 0,
        completion: sessionCompletion(spec, work?.check, inside),
      },
    );
    const notices = [
      ...found.notices,
      ...shell.notices,
      ...left.notices,
      ...servers.flatMap(({ name, notices: said, tools: offered }) =>
        [...said, ...poisonNotices(offered)].map((notice) => `MCP server ${name}: ${notice}`),
      ),
      ...connectorNotices(connectors),
      ...sideNotices,
      ...windowNotices(model, side),
    ];
    return {
      session: sessionOf(runId, spec, parts, {
        task,
        side,
        model: governedModel,
        tokens,
        closeTools,
      }),
      event: sessionEvent(tools, its, notices),
      close: () => closeTools(),
    };
  } catch (error) {
    await closeTools();
    throw error;
  }
}

/** The workspace, and what in it the agent's own tools must not write. */
function workspaceOf({ workspace: root }: RunSpec, parts: SessionParts): Workspace | undefined {
  return root === null ? undefined : { root, closed: closedPlaces(parts) };
}

/** Places that no agent of a run may write. */
export const closedPlaces = (
  parts: Pick<SessionParts, "dataDir" | "lockFile" | "policies" | "settings" | "host">,
): readonly string[] => [
  parts.dataDir,
  parts.lockFile,
  ...parts.policies.places(),
  ...agentPlaces(parts, parts.host.cwd),
  ...skillPaths(parts.settings, parts.host),
];

function toolsOf(
  opened: OpenedConnector,
  workspace: Workspace | undefined,
): readonly GovernedTool[] {
  const { tools, toolsIn } = opened;
  return workspace === undefined || toolsIn === undefined
    ? tools
    : [...tools, ...toolsIn(workspace)];
}

/** @throws Agent33Error `shell.sandbox_unavailable`: asked for and not to be had is an error */
async function openShell(
  { shell, workspace, environment }: RunSpec,
  { host, settings, processes }: SessionParts,
  trial: SessionTrial | undefined,
): Promise<{ readonly tools: readonly Tool[]; readonly notices: readonly string[] }> {
  let options = trial === undefined ? undefined : await trialShell(trial);
  if (options === undefined) {
    if (!shell || workspace === null) return { tools: [], notices: [] };
    const chosen = await findSandbox(settings, host, processes, workspace);
    options =
      trial === undefined
        ? { chosen, workspace }
        : { chosen, workspace, env: environment, source: "shell:trial" };
  }
  const { probe } = options.chosen;
  return { tools: [unwrap(shellTool(options))], notices: probe.available ? probe.notices : [] };
}

interface Opened {
  readonly task: Task | undefined;
  readonly side: AgentSide;
  readonly model: RunSession["model"];
  readonly tokens: RunSession["tokens"];
  readonly closeTools: RunSession["closeTools"];
}

function sessionOf(runId: string, spec: RunSpec, parts: SessionParts, opened: Opened): RunSession {
  const { task, side, model, tokens, closeTools } = opened;
  const files = runFiles(parts.dataDir, runId);
  const { workspace } = spec;
  const inside = evaluating(spec, parts);
  return {
    ...side,
    runId,
    limits: spec.limits,
    model,
    tokens,
    verify:
      task === undefined || inside === undefined
        ? undefined
        : (signal) => verify(task, { ...inside, logsDir: files.verifier, signal }),
    closeTools,
    filesChanged: () =>
      // What the agent cannot write is no change of its own.
      workspace === null
        ? Promise.resolve([])
        : workspaceChanges(files, workspace, closedPlaces(parts)),
    live: (event) => parts.live(runId, event),
  };
}

/** A guess at how much a model can be shown is said, unless it lives in this process. */
function windowNotices({ info }: Model, { window }: AgentSide): readonly string[] {
  if (window.source !== "default" || info.baseUrl === undefined) return [];
  return [
    `The context window of ${info.model} is not known; ${window.tokens} tokens are used. Set context.maxTokens.`,
  ];
}

/** Where checks are started; undefined where there is no workspace. */
function checkPlace(
  spec: RunSpec,
  parts: SessionParts,
  trial: SessionTrial | undefined,
): CheckPlace | undefined {
  if (trial !== undefined && trial.environment.kind !== "host")
    return { run: trialCommands(trial) };
  const inside = evaluating(spec, parts);
  return inside && { run: commandsIn({ ...inside, cwd: inside.workspace }) };
}

/** What checks and hidden tests are started with; undefined without a workspace. */
function evaluating({ workspace, environment }: RunSpec, { host, processes }: SessionParts) {
  if (workspace === null) return undefined;
  const env = childEnvironment(host.env, { extra: environment });
  return { workspace, env, spawn: evaluationGrant.bind(processes.spawn), clock: host.clock };
}

function sessionEvent(
  { shown, toFind }: ArrangedTools,
  skills: readonly Skill[],
  notices: readonly string[],
): NewEvent {
  return {
    type: "session.opened",
    tools: [...shown, ...toFind].map(({ tool }) => ({
      name: tool.name,
      source: tool.source,
      effect: tool.effect,
      repeat: tool.repeat,
      digest: toolDigest(tool),
    })),
    toFind: toFind.length,
    skills: skills.map(({ name, digest }) => ({ name, digest })),
    egress: egressNote(),
    notices: [...notices],
  };
}
