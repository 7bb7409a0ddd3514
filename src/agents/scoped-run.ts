import { Agent33Error } from "../base/errors.ts";
import type { EventOf, NewEvent, NewLiveEvent, StoredEvent } from "../events/event.ts";
import { type AgentBudgets, budgetsOf } from "./budgets.ts";
import {
  forWork,
  type LimitReached,
  limitNames,
  reachedLimit,
  type RunLimits,
  runLimitsSchema,
  usedTokens,
} from "./limits.ts";
import type { LoadedSkill } from "../tools/tool.ts";
import type { AgentPorts, AgentSide, RunSession } from "./ports.ts";
import { agentsAbove, eventsOfAgent, isWithin, type Scope, scopeOf } from "./scope.ts";
import { loadedSkills } from "./skill-policy.ts";
import { activeMs, totalsOf } from "./state.ts";

/** A run as one of its agents sees it. */
export interface ScopedRun {
  readonly scope: Scope;
  /** What the run works with, narrowed to what this agent may use. */
  readonly session: RunSession;
  /** What its work is charged to: the run's budgets, and those of the agents in between. */
  readonly budgets: readonly string[];
  /** What its closing turn is charged to. */
  readonly closingBudgets: readonly string[];
  /** The whole log, the other agents' events too. */
  readAll(): readonly StoredEvent[];
  /** What this agent has seen and done. */
  read(): readonly StoredEvent[];
  /** The skills by which it works, and those that it works for: what they say about tools holds. */
  skills(): readonly LoadedSkill[];
  /** Writes events as this agent's, unless they say whose they are. */
  append(events: readonly NewEvent[]): readonly StoredEvent[];
  /** As `append`, for what begins and may begin again; it is not read back at once. */
  begin(event: NewEvent): void;
  /** Tells watchers of an event as this agent's. */
  live(event: NewLiveEvent): void;
  /**
   * The first limit that it, or one that it works for, has reached by now.
   * @param spending whether what comes next is no turn, so that only what is spent counts
   */
  reachedLimit(spending?: "spending"): LimitReached | undefined;
  /** Its limits without what is used up of them, or of those that it works for. */
  left(): RunLimits;
  /** What is left of its time, and of the time of those that it works for. Milliseconds. */
  timeLeftMs(): number;
}

/** One agent on the way from the run's own to the one that acts. */
interface Member {
  readonly scope: Scope;
  readonly side: AgentSide;
  readonly limits: RunLimits;
}

/** Opens a run for one of its agents. */
export function scopedRun(ports: AgentPorts, runId: string, of: Scope): ScopedRun {
  const scope = scopeOf(of);
  const root = ports.session(runId);
  const readAll = () => ports.log.read(runId);
  const line = lineOf(root, scope, readAll);
  const { side, limits } = line.at(-1) ?? { side: root, limits: root.limits };
  const budgets = line.map((member) => openBudgets(ports, runId, member, readAll));
  return {
    scope,
    session: scope.agentPath === undefined ? root : { ...root, ...side, limits },
    budgets: budgets.flatMap(({ all, work }) => [all, work]),
    closingBudgets: budgets.map(({ all }) => all),
    readAll,
    read: () => eventsOfAgent(readAll(), scope),
    skills: () => [...side.preloaded, ...loadedSkills(readAll(), scope)],
    append: (events) =>
      ports.log.append(
        runId,
        events.map((event) => ({ ...scope, ...event })),
      ),
    begin: (event) => ports.log.begin(runId, { ...scope, ...event }),
    live: (event) => root.live({ ...event, ...scope }),
    reachedLimit: (spending) => {
      const log = readAll();
      const anySteps = spending === undefined ? {} : { maxSteps: Number.POSITIVE_INFINITY };
      for (const member of line) {
        const totals = totalsOf(log, member.scope);
        const reached = reachedLimit(
          { ...member.limits, ...anySteps },
          totals,
          activeIn(log, member.scope, ports.now()),
        );
        if (reached !== undefined) return reached;
      }
      return undefined;
    },
    left: () => {
      const log = readAll();
      const each = line.map((member) => leftOf(member, log, ports.now()));
      const least = limitNames.map((name) => [name, Math.min(...each.map((left) => left[name]))]);
      return Object.fromEntries(least) as RunLimits;
    },
    timeLeftMs: () => {
      const log = readAll();
      return Math.min(...line.map((member) => msLeft(member, log, ports.now())));
    },
  };
}

function msLeft({ limits, scope }: Member, log: readonly StoredEvent[], now: number): number {
  return limits.maxSeconds * 1_000 - activeIn(log, scope, now);
}

function leftOf(member: Member, log: readonly StoredEvent[], now: number): RunLimits {
  const { limits, scope } = member;
  const totals = totalsOf(log, scope);
  const begun = log.filter(
    (event) =>
      event.type === "agent.started" &&
      event.agentPath !== scope.agentPath &&
      isWithin(event, scope),
  );
  return {
    ...limits,
    maxSteps: limits.maxSteps - totals.turns,
    maxTokens: forWork(limits.maxTokens) - usedTokens(totals),
    maxCostMicroUsd: forWork(limits.maxCostMicroUsd) - totals.costMicroUsd,
    maxSeconds: Math.max(1, Math.ceil(msLeft(member, log, now) / 1_000)),
    maxSubagents: limits.maxSubagents - begun.length,
  };
}

/** Time in which the run was worked on since an agent of it began. Milliseconds. */
export function activeIn(events: readonly StoredEvent[], scope: Scope, now: number): number {
  if (scope.agentPath === undefined) return activeMs(events, now);
  const begin = events.findLastIndex((event) => isStartOf(event, scope));
  return activeMs(events.slice(Math.max(0, begin)), now);
}

/** How an agent of the run began. @throws Agent33Error `agents.lost_agent` */
export function startOf(
  events: readonly StoredEvent[],
  { agentPath }: Scope,
): EventOf<"agent.started"> {
  const start = events.findLast(
    (event): event is EventOf<"agent.started"> =>
      event.type === "agent.started" && event.agentPath === agentPath,
  );
  if (start !== undefined) return start;
  throw lost(`No agent ${agentPath ?? ""} has begun in this run.`);
}

function isStartOf(event: StoredEvent, { agentPath }: Scope): boolean {
  return event.type === "agent.started" && event.agentPath === agentPath;
}

function lineOf(
  root: RunSession,
  { agentPath }: Scope,
  readAll: () => readonly StoredEvent[],
): readonly Member[] {
  const line: Member[] = [{ scope: {}, side: root, limits: root.limits }];
  if (agentPath === undefined) return line;
  const log = readAll();
  let side: AgentSide = root;
  for (const path of agentsAbove(agentPath)) {
    const { agent, limits } = startOf(log, { agentPath: path });
    const next = side.subAgents.find(({ id }) => id === agent);
    if (next === undefined) throw lost(`Agent ${path} is ${agent}, which this run does not have.`);
    side = next.open();
    line.push({ scope: { agentPath: path }, side, limits: runLimitsSchema.parse(limits) });
  }
  return line;
}

function openBudgets(
  ports: AgentPorts,
  runId: string,
  { scope, limits }: Member,
  readAll: () => readonly StoredEvent[],
): AgentBudgets {
  const budgets = budgetsOf(runId, scope);
  if (scope.agentPath !== undefined) {
    ports.openBudgets(budgets, limits, () => totalsOf(readAll(), scope));
  }
  return budgets;
}

function lost(message: string): Agent33Error {
  return new Agent33Error("agents.lost_agent", message, {
    hint: "The run's log does not fit to what it was created with; start a new run.",
  });
}
