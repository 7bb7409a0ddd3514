import type { z } from "zod";
import {
  agentSchema,
  environmentSchema,
  mcpServerSchema,
  packageSchema,
  stepSchema,
  type TaskFile,
  taskFileSchema,
  verifierSchema,
} from "./task-schema.ts";

/** A key that means something elsewhere, and what happens here in its place. */
export interface KeyNotKept {
  readonly key: string;
  readonly instead: string;
}

interface Table {
  readonly shape: Readonly<Record<string, z.ZodType>>;
  /** Keys of the formats that nothing here does, each with what happens instead. */
  readonly notKept: Readonly<Record<string, string>>;
}

const root: Table = {
  shape: taskFileSchema.shape,
  notKept: {
    artifacts: "no artefacts are collected besides the verifier's",
    reward: "the reward is what the verifier writes",
  },
};

const sameWalls = "the verifier has the network of the task's environment";

const tables: Readonly<Record<string, Table>> = {
  task: { shape: packageSchema.shape, notKept: {} },
  agent: {
    shape: agentSchema.shape,
    notKept: {
      user: "agents work as the user of the environment",
      reasoning_effort: "the effort is a condition of the trial",
      prompt_prefix: "the agent is told the instruction alone",
    },
  },
  verifier: {
    shape: verifierSchema.shape,
    notKept: {
      user: "the tests run as the user of the environment",
      network_mode: sameWalls,
      allowed_hosts: sameWalls,
      environment_mode: "the tests run on what the agent left, when the agent is gone",
      environment: "the tests run on what the agent left, when the agent is gone",
      collect: "nothing is run between the agent and the tests",
      service: "the tests run where the agent worked",
      judge: "the tests are the only judge",
      memory: "the tests are the only judge",
      hardening: "the tests run in mounts of their own in any case",
      pytest_plugins: "plugins are found as pytest finds them",
      reward_range: "a reward may be any number, and 1 or more passes",
    },
  },
  environment: {
    shape: environmentSchema.shape,
    notKept: {
      gpus: "no GPU is given",
      gpu_types: "no GPU is given",
      tpu: "no TPU is given",
      skills_dir: "the task's skills are offered by the engine",
      healthcheck: "the environment counts as ready when it has started",
      setup_commands: "nothing is run before the agent but the image's build",
      bugswarm_image_tag: "the image is what the Dockerfile says",
    },
  },
  solution: {
    shape: { env: environmentSchema.shape.env },
    notKept: { timeout_sec: "it has the agent's time" },
  },
};

const step: Table = {
  shape: stepSchema.shape,
  notKept: {
    artifacts: "no artefacts are collected besides the verifier's",
    healthcheck: "the environment counts as ready when it has started",
  },
};

/** Values that ask for nothing, as tools write them that spell out every default. */
function asksForNothing(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return value === 0 || value === null || value === "" || value === "main" || value === "shared";
}

/** Keys of a parsed task file that nothing here does: not known at all, or known and not kept. */
export function keysLeftOut(file: TaskFile): {
  readonly unknown: readonly string[];
  readonly notKept: readonly KeyNotKept[];
} {
  const unknown: string[] = [];
  const notKept: KeyNotKept[] = [];
  const look = (value: unknown, { shape, notKept: known }: Table, prefix: string): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [name, content] of Object.entries(value)) {
      if (Object.hasOwn(shape, name)) continue;
      const key = `${prefix}${name}`;
      const instead = Object.hasOwn(known, name) ? known[name] : undefined;
      if (instead === undefined) unknown.push(key);
      else if (!asksForNothing(content)) notKept.push({ key, instead });
    }
  };
  look(file, root, "");
  for (const [name, table] of Object.entries(tables)) look(file[name], table, `${name}.`);
  for (const [index, server] of (file.environment?.mcp_servers ?? []).entries()) {
    look(
      server,
      { shape: mcpServerSchema.shape, notKept: {} },
      `environment.mcp_servers[${index}].`,
    );
  }
  for (const [index, one] of (file.steps ?? []).entries()) {
    look(one, step, `steps[${index}].`);
    for (const name of ["agent", "verifier"] as const) {
      const table = tables[name];
      if (table !== undefined) look(one[name], table, `steps[${index}].${name}.`);
    }
  }
  return { unknown, notKept };
}
