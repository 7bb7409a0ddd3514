import { resolve } from "node:path";
import { type AgentDefinition, agentReference } from "../agents/definition.ts";
import { Agent33Error } from "../base/errors.ts";
import type { Lock } from "../config/lock.ts";
import type { Settings } from "../config/schema.ts";
import { usualSkillFolders } from "../config/skill-settings.ts";
import type { SkillArm } from "../evaluation/attempts/attempt.ts";
import type { Task } from "../evaluation/tasks/task.ts";
import { discover } from "../skills/load.ts";
import { readRegistry, type SkillPlace, type SkillRegistry } from "../skills/registry.ts";
import { formatSkillNotice, type Skill } from "../skills/skill.ts";
import type { Host } from "./host.ts";

type Machine = Pick<Host, "cwd" | "env">;

/** The folders of skills that the settings name. Those of a person whose home is not known are none. */
export function skillPlaces(
  { skills }: Pick<Settings, "skills">,
  { cwd, env }: Machine,
): readonly SkillPlace[] {
  const home = env["HOME"] ?? env["USERPROFILE"];
  const seen = new Set<string>();
  return skills.folders.flatMap((shown) => {
    const inHome = shown === "~" || shown.startsWith("~/");
    if (inHome && (home === undefined || home === "")) return [];
    const path = inHome ? resolve(home ?? "", shown.slice(2)) : resolve(cwd, shown);
    // A project in the home folder itself has both under one path.
    if (seen.has(path)) return [];
    seen.add(path);
    return [{ path, shown, isExpected: !usualSkillFolders.includes(shown) }];
  });
}

/** Paths of the folders of skills: nothing that an agent does may change them. */
export function skillPaths(settings: Pick<Settings, "skills">, machine: Machine): string[] {
  return skillPlaces(settings, machine).map(({ path }) => path);
}

/** All skills of the settings, as they are for a tenant. */
export function readSkills(
  settings: Pick<Settings, "skills">,
  machine: Machine,
  lock: Lock,
  tenant: string,
): Promise<SkillRegistry> {
  const { disabled, tenants } = settings.skills;
  const choices = { disabled, tenants, pins: lock.skills ?? {} };
  return readRegistry(skillPlaces(settings, machine), choices, tenant);
}

/** What a run has of skills. */
export interface RunSkills {
  readonly skills: readonly Skill[];
  /** Of those that are not what somebody took for good: their names. */
  readonly changed: ReadonlySet<string>;
  readonly notices: readonly string[];
}

export interface RunSkillsOptions {
  readonly settings: Pick<Settings, "skills">;
  readonly machine: Machine;
  readonly lock: Lock;
  readonly tenant: string;
  readonly task: Pick<Task, "skillsDir"> | undefined;
  /** How a trial's agent comes by skills; undefined for all other runs. */
  readonly arm?: SkillArm | undefined;
  /** All agents of the run. */
  readonly agents: readonly AgentDefinition[];
}

/**
 * The skills of a run: those that its task brings, and those of the settings' folders. A task is
 * sealed: beside its own skills there are only those that the agent's definition asks for, so that
 * what is measured with it does not depend on what else lies on the machine. In a trial the arm alone
 * says whose skills there are: nobody's, the task's, or those of the settings' folders without them.
 * @throws Agent33Error `engine.changed_skill` for one that an agent begins with
 */
export async function runSkills(options: RunSkillsOptions): Promise<RunSkills> {
  const { settings, machine, lock, tenant, task, agents, arm } = options;
  if (arm === "none") return { skills: [], changed: new Set(), notices: [] };
  const dir = arm === undefined || arm === "own" ? task?.skillsDir : undefined;
  const own = dir === undefined ? undefined : await discover(dir);
  const notices = (own?.notices ?? []).map(formatSkillNotice);
  const asks = agents.some(({ skills, preload }) => (skills ?? preload) !== undefined);
  if (arm === "own" || (arm === undefined && task !== undefined && !asks)) {
    return { skills: own?.skills ?? [], changed: new Set(), notices };
  }
  const registry = await readSkills(settings, machine, lock, tenant);
  const taken = new Set(own?.skills.map(({ name }) => name));
  const entries = registry.entries.filter(
    ({ skill, status }) => status === "enabled" && !taken.has(skill.name),
  );
  const changed = entries.filter(({ pin }) => pin === "changed").map(({ skill }) => skill.name);
  for (const agent of agents) refuseChanged(agent, changed);
  return {
    skills: [...(own?.skills ?? []), ...entries.map(({ skill }) => skill)].sort((a, b) =>
      a.name < b.name ? -1 : 1,
    ),
    changed: new Set(changed),
    notices: [
      ...notices,
      ...registry.notices.filter(({ level }) => level === "issue").map(formatSkillNotice),
      ...changed.map(
        (name) => `skill ${name}: it is not what was added; see agent33 skills show ${name}`,
      ),
    ],
  };
}

/** Nobody is asked about what stands in a prompt from the start, so it has to be what was added. */
function refuseChanged(agent: AgentDefinition, changed: readonly string[]): void {
  const name = agent.preload?.find((one) => changed.includes(one));
  if (name === undefined) return;
  throw new Agent33Error(
    "engine.changed_skill",
    `${agentReference(agent)} begins with the skill "${name}", which is not what it was when it was added.`,
    {
      hint: `Look at it with agent33 skills show ${name}, and take it with agent33 skills pin ${name}.`,
    },
  );
}
