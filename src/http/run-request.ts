import { realpathSync } from "node:fs";
import { resolve, sep } from "node:path";
import type { Effort } from "../base/effect.ts";
import { Agent33Error } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import { attempt } from "../base/result.ts";
import type { RunRequest } from "../engine/create-run.ts";
import type { RouteContext } from "./route.ts";

/** What a run is for, where it is no task folder. */
type GivenTask = Exclude<RunRequest["task"], { readonly kind: "folder" }>;

/**
 * The task of a body, in words or as inputs.
 * @throws Agent33Error `api.invalid_request` unless there is exactly one of both
 */
export function taskOf(
  { task, inputs }: { readonly task?: string; readonly inputs?: JsonObject },
  workspace: string | undefined,
): GivenTask {
  if (task !== undefined && inputs === undefined) return { kind: "text", text: task, workspace };
  if (inputs !== undefined && task === undefined) return { kind: "inputs", inputs, workspace };
  throw new Agent33Error("api.invalid_request", "The body has both task and inputs, or neither.", {
    hint: "Give `task` in words, or `inputs` as the agent's definition says.",
  });
}

/** What was asked for, of what every run can be asked for with. */
export interface Asked {
  readonly agent?: string;
  readonly model?: string;
  readonly effort?: Effort;
  readonly domain?: string;
  readonly escalates?: boolean;
  readonly workspace?: string;
  readonly shell?: boolean;
  readonly matchSkills?: number;
}

/** What the engine is asked for: the caller's wish, in their name. */
export function runRequest(
  asked: Asked,
  task: RunRequest["task"],
  { caller }: Pick<RouteContext, "caller">,
): RunRequest {
  return {
    task,
    agent: asked.agent,
    model: asked.model,
    effort: asked.effort,
    domain: asked.domain,
    matchSkills: asked.matchSkills,
    ...(asked.escalates === undefined ? {} : { escalates: asked.escalates }),
    ...(asked.shell === undefined ? {} : { shell: asked.shell }),
    // Commands of servers are programs of this machine: only the settings name them.
    mcpCommands: [],
    entryPoint: "api",
    by: { user: caller.user, key: caller.key },
  };
}

/**
 * The folder that a run is to work in.
 * @throws Agent33Error `api.workspace_refused` for one that the settings do not give to the API
 */
export function workspaceOf(
  { workspace }: Asked,
  { config, host }: Pick<RouteContext, "config" | "host">,
): string | undefined {
  if (workspace === undefined) return undefined;
  const allowed = config.settings.serve.workspaces.map((place) => real(resolve(host.cwd, place)));
  const wanted = real(resolve(host.cwd, workspace));
  const inside = (place: string | undefined): boolean =>
    place !== undefined && (wanted === place || wanted?.startsWith(`${place}${sep}`) === true);
  if (wanted !== undefined && allowed.some(inside)) return wanted;
  // Whether it is there at all is not said: it is no way to look around on the server.
  throw new Agent33Error(
    "api.workspace_refused",
    "The workspace is no folder that the API may work in.",
    { hint: "Name a folder in one of serve.workspaces of the server's settings." },
  );
}

/** Where a path really leads; undefined where that is nowhere. */
function real(path: string): string | undefined {
  const found = attempt(() => realpathSync(path));
  return found.ok ? found.value : undefined;
}
