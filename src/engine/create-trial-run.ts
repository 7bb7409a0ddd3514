import { agentReference } from "../agents/definition.ts";
import { tierOutputs } from "../agents/effort.ts";
import type { AgentFamily } from "../agents/family.ts";
import type { AgentRunInput } from "../agents/loop.ts";
import { defaultLeaseMs } from "../durable/sqlite.ts";
import type { AttemptRequest } from "../evaluation/attempts/attempt.ts";
import { changeNotices, type CreateParts, noModel } from "./create-run.ts";
import { completionOf } from "./completion.ts";
import { atHome, routeRun } from "./routing.ts";
import { rememberWorkspace, runFiles } from "./run-files.ts";
import { limitsOf, refusesUnpriced, withinTier } from "./run-limits.ts";
import type { RunSpec } from "./run-spec.ts";
import { taskServers, withChoices } from "./server-specs.ts";
import { writeDown } from "./write-run.ts";

export interface TrialRunParts extends CreateParts {
  /** This process, which has the trial's environment. */
  readonly owner: string;
}

/** Skills that a run gets by matching where its agent does not say how many. */
const usualMatches = 3;

/**
 * Writes down an agent's work on one step of a task, as a run in the trial's environment. It has
 * what the environment has: its commands and, on the host, the task's own servers; nothing of the
 * settings that leads out of it. It verifies nothing, for that is the trial's to do.
 * @throws Agent33Error as a run that is asked for by hand
 */
export async function createTrialRun(
  request: AttemptRequest,
  { agent, subAgents }: AgentFamily,
  { owner, ...parts }: TrialRunParts,
): Promise<string> {
  const { host, config, durable, dataDir } = parts;
  const { settings } = config;
  const { task, environment, instruction, skills, repetition } = request;
  const runId = host.ids();
  const workspace = environment.kind === "host" ? (environment.workspace ?? null) : null;
  const agents = [agent, ...subAgents];
  const question = {
    effort: request.effort,
    domain: undefined,
    agent,
    mode: "iterative" as const,
    work: () => instruction,
  };
  // A model that answers from a script may have one for each task.
  const model = request.model?.replaceAll("{task}", () => task.dir);
  const named = model === undefined ? undefined : { model, source: "request" as const };
  const route = routeRun(question, named, config);
  const servers = workspace === null ? [] : taskServers(task, workspace);
  const spec: RunSpec = {
    version: 1,
    task: { kind: "text", text: parts.redactor.text(instruction) },
    model: atHome(route.model ?? noModel(), host.cwd),
    baseUrl: route.baseUrl,
    agent,
    subAgents: [...subAgents],
    effort: route.effort,
    routing: { note: route.note, tiers: tierOutputs(settings.routing) },
    ...completionOf({}, agent),
    mode: "iterative",
    limits: withinTier(limitsOf(config, agent, request.timeoutMs), route),
    context: settings.context,
    policy: parts.policies.selection(),
    entryPoint: "cli",
    ...refusesUnpriced(config, agents),
    servers: [...withChoices(servers, {})],
    workspace,
    shell: true,
    ...(skills === "matched" ? { matchSkills: agent.matchSkills ?? usualMatches } : {}),
    environment: workspace === null ? {} : variablesOf(environment),
    trial: {
      task: task.dir,
      environment: environment.kind,
      skills,
      repetition,
      owner,
    },
    principal: {
      tenant: settings.tenant,
      user: settings.user,
      agent: agentReference(agent),
    },
  };
  await parts.checkModel(spec);
  if (workspace !== null) await rememberWorkspace(runFiles(dataDir, runId), workspace);
  const left = task.environment.mcpServers.length - servers.length;
  const notices = [
    ...(left === 0
      ? []
      : [`${left} MCP servers of the task are not started: only trials on the host have them.`]),
    ...changeNotices(agent, parts.store),
    ...route.notices,
    ...config.notices,
  ];
  const title = `${task.name}, trial ${repetition}`;
  writeDown({ id: runId, title, spec, notices, messages: [instruction] }, parts, (last) => {
    const approvalTtlMs = settings.approvals.ttlMinutes * 60_000;
    const input: AgentRunInput = { horizon: last, approvalTtlMs };
    durable.start(parts.workflow, runId, input, { leaveMs: defaultLeaseMs });
  });
  return runId;
}

/** Without a PATH, which was made for an image, and without what is said to solutions and tests. */
function variablesOf({ env }: AttemptRequest["environment"]): Record<string, string> {
  const entries = Object.entries(env);
  return Object.fromEntries(
    entries.filter(([name]) => name !== "PATH" && !name.startsWith("AGENT33_")),
  );
}
