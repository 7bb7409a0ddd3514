import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import { type AgentDefinition, agentReference } from "../agents/definition.ts";
import { tierOutputs } from "../agents/effort.ts";
import { inputText } from "../agents/inputs.ts";
import type { AgentRunInput } from "../agents/loop.ts";
import type { Effort } from "../base/effect.ts";
import { Agent33Error, toAgent33Error } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import type { Principal } from "../base/principal.ts";
import type { Redactor } from "../base/redact.ts";
import { type Config, configFileName } from "../config/config.ts";
import { lockPath } from "../config/lock.ts";
import type { EntryPoint } from "../config/schema.ts";
import type { Durable } from "../durable/contract.ts";
import { defaultLeaseMs } from "../durable/sqlite.ts";
import { prepareHostWorkspace } from "../evaluation/environments/host-environment.ts";
import { loadTask } from "../evaluation/tasks/load-task.ts";
import { onlyStep, type Task } from "../evaluation/tasks/task.ts";
import type { RunMode } from "../events/event.ts";
import type { EngineStore } from "./tenant-store.ts";
import { agentPlaces, changedSince, resolveFamily } from "./agents.ts";
import type { Host } from "./host.ts";
import { checkPlaces, type CompletionRequest, completionOf } from "./completion.ts";
import { withoutSecrets } from "./definition-secrets.ts";
import { checkInputs } from "./inputs.ts";
import type { Policies } from "./policies.ts";
import {
  keepWorkspace,
  rememberWorkspace,
  type RunFiles,
  runFiles,
  unlistedFolders,
} from "./run-files.ts";
import { limitsOf, limitsOnce, refusesUnpriced, withinTier } from "./run-limits.ts";
import { ladderOf } from "./escalation-ladder.ts";
import { atHome, estimateOf, type NamedModel, routeRun } from "./routing.ts";
import type { RunSpec } from "./run-spec.ts";
import type { ModelInfo } from "../models/model.ts";
import { refuseUnusedAddress } from "./model-source.ts";
import { checkShellPlace } from "./shell-place.ts";
import { skillPaths } from "./skills.ts";
import { writeDown } from "./write-run.ts";
import {
  configuredServers,
  flagServers,
  type ServerChoices,
  taskServers,
  withChoices,
} from "./server-specs.ts";

/** What a person asks for. */
export interface RunRequest extends ServerChoices, CompletionRequest {
  readonly task:
    | { readonly kind: "text"; readonly text: string; readonly workspace: string | undefined }
    /** What the agent's definition says that it takes. */
    | {
        readonly kind: "inputs";
        readonly inputs: JsonObject;
        readonly workspace?: string | undefined;
      }
    | { readonly kind: "folder"; readonly path: string; readonly environment: string | undefined };
  readonly model: string | undefined;
  readonly effort: Effort | undefined;
  /** Whether a failed attempt may be made again one tier up, where the settings say so. Default: yes. */
  readonly escalates?: boolean;
  /** What the work is about, where routing has tiers by domain. */
  readonly domain?: string | undefined;
  /** A definition file, a name or `name@version`. Default: the settings' agent. */
  readonly agent?: string | undefined;
  /**
   * Whether the agent works until it is done, with its tools and checks, or has one turn without
   * tools, in which only the form of its answer is checked. Default: iterative.
   */
  readonly mode?: RunMode;
  /** Whether the agent may run commands in the sandbox. Default: no. */
  readonly shell?: boolean;
  /** How many skills it gets at most, matched with its task. Default: as the agent's definition says. */
  readonly matchSkills?: number | undefined;
  /** The way in which it is asked for, which the policy may tell apart. Default: `cli`. */
  readonly entryPoint?: EntryPoint;
  /** Who asks. Default: the settings' user. */
  readonly by?: Pick<Principal, "user" | "key">;
  /** Command lines of MCP servers to start for this run. */
  readonly mcpCommands: readonly string[];
  /** Whether any worker may begin it at once, instead of whoever created it. Default: no. */
  readonly queued?: boolean;
}

/** The parts of the engine that make a run. */
export interface CreateParts {
  readonly host: Host;
  readonly config: Config;
  readonly store: EngineStore;
  readonly durable: Durable;
  readonly workflow: { readonly name: string; readonly version: number };
  readonly dataDir: string;
  readonly policies: Policies;
  readonly redactor: Redactor;
  /**
   * What the run's model is, under the name that its calls are priced by.
   * @throws Agent33Error when it cannot be had
   */
  readonly checkModel: (spec: RunSpec) => Promise<ModelInfo>;
}

/**
 * Writes a run down: its files, its row, the beginning of its log and its journal. Everything that
 * can be wrong with the request is found here, before anything runs.
 * @throws Agent33Error `engine.*`, `evaluation.*`, `agents.*`, `models.*`, `sandbox.*`, `store.*`
 */
export async function createRun(request: RunRequest, parts: CreateParts): Promise<string> {
  const { host, config, store, durable, dataDir } = parts;
  const { settings } = config;
  const policy = parts.policies.selection();
  const family = withoutSecrets(resolveFamily(request.agent, config, host.cwd), parts.redactor);
  const { agent } = family;
  const runId = host.ids();
  const files = runFiles(dataDir, runId);
  const task =
    request.task.kind === "folder"
      ? await loadTask(resolve(host.cwd, request.task.path))
      : undefined;
  if (request.task.kind === "folder") requireHost(request.task.environment);
  const workspace = task === undefined ? givenWorkspace(request, host.cwd) : files.workspace;
  if (request.shell === true) {
    checkShellPlace(workspace, [
      dataDir,
      config.file ?? join(host.cwd, configFileName),
      lockPath(config, host.cwd),
      ...agentPlaces(config, host.cwd),
      ...skillPaths(config.settings, host),
      ...family.files,
      ...policy.files.map((path) => resolve(host.cwd, path)),
    ]);
  }
  const once = request.mode === "once";
  if (once && (task !== undefined || workspace !== null)) throw noToolsOnce();
  if (!once) checkPlaces([agent, ...family.subAgents], request, workspace);
  if (request.task.kind === "inputs") checkInputs(agent, request.task.inputs);
  const mode = request.mode ?? "iterative";
  const question = {
    ...request,
    domain: request.domain,
    agent,
    mode,
    work: () => workOf(request, task),
  };
  const named = namedModel(request, task);
  const route = routeRun(question, named, config);
  const model = atHome(route.model ?? noModel(), host.cwd);
  refuseUnusedAddress(config, model);
  const limits = withinTier(
    limitsOf(config, agent, task === undefined ? undefined : onlyStep(task).agentTimeoutMs),
    route,
  );
  const wanted: RunSpec = {
    version: 1,
    task: taskSpec(request, task, parts.redactor),
    model,
    baseUrl: route.baseUrl,
    agent,
    subAgents: [...family.subAgents],
    effort: route.effort,
    routing: { note: route.note, tiers: tierOutputs(settings.routing) },
    ...(once ? { checks: [], judge: null } : completionOf(request, agent)),
    mode,
    limits: once ? limitsOnce(limits) : limits,
    context: settings.context,
    policy,
    entryPoint: request.entryPoint ?? "cli",
    ...refusesUnpriced(config, [agent, ...family.subAgents]),
    servers: once
      ? []
      : [
          ...configuredServers(config, host),
          ...withChoices(
            [
              ...flagServers(request.mcpCommands, host.cwd, [
                ...Object.keys(settings.mcpServers),
                ...Object.keys(settings.connectors),
                ...(task?.environment.mcpServers.map((server) => server.name) ?? []),
              ]),
              ...(task === undefined ? [] : taskServers(task, files.workspace)),
            ],
            request,
          ),
        ],
    workspace,
    shell: !once && request.shell === true,
    ...(request.matchSkills === undefined ? {} : { matchSkills: request.matchSkills }),
    environment: {},
    principal: {
      tenant: settings.tenant,
      ...(request.by ?? { user: settings.user }),
      agent: agentReference(agent),
    },
  };
  const info = await parts.checkModel(wanted);
  const scratch =
    task === undefined ? undefined : await prepareHostWorkspace(task, files.workspace);
  // A PATH made for an image would hide this machine's programs.
  const { PATH: imagePath, ...environment } = scratch?.env ?? {};
  const note = settings.routing.enabled
    ? {
        ...route.note,
        estimate: await estimateOf({ ...route, model, info }, question, forEstimates(parts)),
      }
    : route.note;
  const spec: RunSpec = {
    ...wanted,
    environment,
    routing: { note, tiers: tierOutputs(settings.routing) },
  };
  const notices = [
    ...(task === undefined ? [] : task.notices),
    ...(scratch?.notices ?? []),
    ...(imagePath === undefined ? [] : ["The task's PATH is not used on this machine."]),
    ...workspaceNotices(request),
    ...family.notices,
    ...changeNotices(agent, store),
    ...(once ? onceNotices(agent) : []),
    ...route.notices,
    ...config.notices,
  ];
  if (workspace !== null) await rememberWorkspace(files, workspace);
  if (task === undefined && workspace !== null) {
    const megabytes = settings.replay.keepMegabytes;
    notices.push(...(await keptNotices(files, workspace, megabytes, parts.redactor)));
  }
  const rise = await ladderOf(request, spec, { named, question, files }, parts);
  notices.push(...rise.notices);
  const text = task === undefined ? givenText(request) : onlyStep(task).instruction;
  const title = task?.name ?? titleOf(request, agent);
  const inputs = request.task.kind === "inputs" ? { inputs: request.task.inputs } : {};
  const begun = {
    id: runId,
    title,
    spec: { ...spec, ...rise.spec },
    notices,
    messages: [text],
    ...inputs,
  };
  writeDown(begun, parts, (last) => {
    const approvalTtlMs = settings.approvals.ttlMinutes * 60_000;
    // Whoever asked for it drives it. Should they die before that, a worker begins it.
    const leaveMs = request.queued === true ? 0 : defaultLeaseMs;
    const input: AgentRunInput = {
      horizon: last,
      approvalTtlMs,
      ...(request.queued === true ? { queued: true } : {}),
    };
    durable.start(parts.workflow, runId, input, { leaveMs });
  });
  return runId;
}

/** A run is worth more than its replay: what cannot be kept is said, and the run goes on. */
async function keptNotices(
  files: RunFiles,
  workspace: string,
  megabytes: number,
  redactor: Redactor,
): Promise<readonly string[]> {
  if (megabytes === 0) return [];
  const left: string[] = [];
  const mayKeep = (content: Buffer, path: string): boolean => {
    if (!redactor.holds(content)) return true;
    left.push(path);
    return false;
  };
  try {
    await keepWorkspace(files, workspace, megabytes * 1024 * 1024, mayKeep);
    return left.length === 0
      ? []
      : [`Not kept for replays, because secrets stand in them: ${left.join(", ")}.`];
  } catch (error) {
    return [`The workspace is not kept for replays: ${toAgent33Error(error).message}`];
  }
}

function workspaceNotices({ task }: RunRequest): readonly string[] {
  if (task.kind === "folder" || task.workspace === undefined) return [];
  return [`Changes below ${unlistedFolders.join(" and ")} are not listed at the end.`];
}

/** A version is a promise: whoever reads two runs of it takes them to be of the same agent. */
export function changeNotices(agent: AgentDefinition, { runs }: EngineStore): readonly string[] {
  const earlier = changedSince(agent, runs);
  if (earlier === null) return [];
  return [
    `${agentReference(agent)} is not what run ${earlier} used under this name; give it a new version.`,
  ];
}

/** A verified answer is not to be taken for work that passed the checks of its definition. */
function onceNotices(agent: AgentDefinition): readonly string[] {
  if (agent.completion === undefined) return [];
  return [`${agentReference(agent)} is asked once; not looked at: completion.`];
}

function givenWorkspace(request: RunRequest, cwd: string): string | null {
  if (request.task.kind === "folder" || request.task.workspace === undefined) return null;
  const path = resolve(cwd, request.task.workspace);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return path;
  throw new Agent33Error("engine.workspace_missing", `The workspace ${path} is not a folder.`, {
    hint: "Make it first, or name another with --workspace.",
  });
}

function taskSpec(
  request: RunRequest,
  task: Task | undefined,
  redactor: Redactor,
): RunSpec["task"] {
  if (task !== undefined) return { kind: "folder", path: task.dir, environment: "host" };
  return { kind: "text", text: redactor.text(givenText(request)) };
}

/** What the agent is told first, where no task folder says it. */
function givenText({ task }: RunRequest): string {
  if (task.kind === "inputs") return inputText(task.inputs);
  return task.kind === "text" ? task.text : "";
}

function titleOf({ task }: RunRequest, agent: AgentDefinition): string {
  if (task.kind === "inputs") return `${agent.name} ${JSON.stringify(task.inputs)}`;
  return task.kind === "text" ? task.text : "";
}

function noToolsOnce(): Agent33Error {
  return new Agent33Error(
    "engine.once_without_tools",
    "An agent that has one turn has no tools and no workspace.",
    { hint: "Ask for the iterative form: --iterative, or mode: iterative." },
  );
}

/** A task that brings scripted turns runs on them unless a model was asked for by name. */
function namedModel({ model }: RunRequest, task: Task | undefined): NamedModel | undefined {
  if (model !== undefined) return { model, source: "request" };
  const script = task?.scriptPath;
  return script === undefined ? undefined : { model: `scripted:${script}`, source: "task" };
}

/** What there is to say about how much work it is. */
function workOf(request: RunRequest, task: Task | undefined): unknown {
  if (task !== undefined) return onlyStep(task).instruction;
  return request.task.kind === "inputs" ? request.task.inputs : givenText(request);
}

function forEstimates({ store, host, config }: CreateParts) {
  return { store, clock: host.clock, prices: config.settings.prices };
}

/** @throws Agent33Error `engine.model_missing` */
export function noModel(): never {
  throw new Agent33Error("engine.model_missing", "No model was named.", {
    hint: "Give --model provider:model (anthropic, openai, google, openai-compatible), or set `model` in the settings. `agent33 doctor` looks for models on this machine.",
  });
}

function requireHost(environment: string | undefined): void {
  if (environment === "host") return;
  const what =
    environment === undefined
      ? "No environment was chosen"
      : `The environment "${environment}" is not available`;
  throw new Agent33Error("engine.environment", `${what} for the task.`, {
    hint: "Pass --environment host: the agent's tools then work in a scratch copy on this machine, without a sandbox around the task's check and tests.",
  });
}
