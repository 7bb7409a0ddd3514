import { z } from "zod";
import { splitFrontMatter } from "../../skills/front-matter.ts";
import { checkTaskConfig, malformed, type TaskConfig } from "./task-config.ts";
import { notOfThisKind } from "./task-errors.ts";

/** What a `task.md` says: settings, and what the agent is told. */
export interface TaskDocument {
  readonly config: TaskConfig;
  readonly instruction: string;
  /** Where the author says that the tests and the solution are, if not in the usual folders. */
  readonly verifierPath: string | undefined;
  readonly solutionPath: string | undefined;
}

/** Words of `task.md` that `task.toml` has other ones for, the longer first. */
const renamed: readonly (readonly [document: string, toml: string])[] = [
  ["verifier.sandbox_mode", "verifier.environment_mode"],
  ["verifier.sandbox", "verifier.environment"],
  ["sandbox", "environment"],
  ["oracle", "solution"],
];

/** A key of `task.toml` as `task.md` spells it, also within a step. */
function spell(key: string): string {
  const step = /^steps(?:\[\d+\]|\.\d+)\./.exec(key)?.[0] ?? "";
  const rest = key.slice(step.length);
  for (const [document, toml] of renamed) {
    if (rest === toml) return step + document;
    if (rest.startsWith(`${toml}.`)) return step + document + rest.slice(toml.length);
  }
  return key;
}

/** Keys about several agents and a person who is played: the instruction is told to one agent here. */
const orchestration = ["agents", "scenes", "user"];

/** What stands in the front matter besides the settings. */
const frontMatter = z.looseObject({
  schema_version: z.union([z.string(), z.number()]).optional(),
  version: z.union([z.string(), z.number()]).optional(),
  name: z.string().min(1).optional(),
  image: z.string().min(1).optional(),
  profile: z.unknown().optional(),
  profiles: z.unknown().optional(),
  verifier: z.union([z.string().min(1), z.looseObject({})]).nullish(),
  oracle: z.union([z.string().min(1), z.looseObject({})]).nullish(),
  sandbox: z.looseObject({}).nullish(),
  task: z.looseObject({}).nullish(),
  steps: z.array(z.looseObject({})).nullish(),
  environment: z.undefined("is called sandbox in task.md").optional(),
});

/**
 * Reads a `task.md`: YAML front matter with the settings, and below it what the agent is told. Other
 * than in `task.toml`, a key that nobody knows is an error.
 * @param path for messages only
 * @throws Agent33Error `evaluation.task_malformed`, `evaluation.layout_unsupported`
 */
export function readTaskDocument(text: string, path: string): TaskDocument {
  const split = splitFrontMatter(text);
  if (split === undefined) {
    throw malformed(path, "it does not begin with front matter between two lines of ---");
  }
  const fault = "message" in split ? split : split.repaired;
  if (fault !== undefined) {
    const line = fault.line === undefined ? "" : `line ${fault.line}: `;
    throw malformed(path, `${line}not YAML: ${fault.message}`);
  }
  if ("message" in split) throw malformed(path, split.message);
  const parsed = frontMatter.safeParse(split.data ?? {});
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) =>
      issue.path.length === 0
        ? "the front matter is no mapping"
        : `${issue.path.join(".")}: ${issue.message}`,
    );
    throw malformed(path, problems.join("; "), problems);
  }
  refuseUnreadable(path, parsed.data);
  const { name, image, verifier, oracle, sandbox, task, steps, ...others } = parsed.data;
  const told = instructionIn(split.body, path);
  const verifierPath = typeof verifier === "string" ? verifier : undefined;
  const solutionPath = typeof oracle === "string" ? oracle : undefined;
  const left = orchestration.filter((key) => others[key] !== undefined && others[key] !== null);
  const settings = Object.entries(others).filter(
    ([key, value]) => !orchestration.includes(key) && key !== "benchflow" && value !== null,
  );
  const environment = {
    ...(image === undefined ? {} : { docker_image: image }),
    ...sandbox,
  };
  const values = {
    ...Object.fromEntries(settings),
    environment,
    ...(task === undefined && name === undefined ? {} : { task: { name, ...task } }),
    ...(isTable(verifier) ? { verifier: inTomlWords(verifier) } : {}),
    ...(isTable(oracle) ? { solution: oracle } : {}),
    ...(isTable(steps)
      ? { steps: steps.map((step) => ({ ...step, ...stepVerifier(step["verifier"]) })) }
      : {}),
  };
  const config = checkTaskConfig(values, parsed.data, path, { spell, strict: true });
  const notices = [
    ...config.notices,
    ...[...left, ...told.leftOut].map(
      (what) => `task.md: "${what}" is not kept: one agent is told the prompt`,
    ),
  ];
  return {
    config: { ...config, notices },
    instruction: told.instruction,
    verifierPath,
    solutionPath,
  };
}

function isTable<T>(value: T | string | null | undefined): value is T {
  return typeof value === "object" && value !== null;
}

function inTomlWords({ sandbox, sandbox_mode: mode, ...rest }: Readonly<Record<string, unknown>>) {
  return {
    ...rest,
    ...(sandbox === undefined ? {} : { environment: sandbox }),
    ...(mode === undefined ? {} : { environment_mode: mode }),
  };
}

function stepVerifier(value: unknown) {
  return typeof value === "object" && value !== null
    ? { verifier: inTomlWords(value as Readonly<Record<string, unknown>>) }
    : {};
}

function refuseUnreadable(path: string, data: z.output<typeof frontMatter>): void {
  if (data.profile !== undefined || data.profiles !== undefined) {
    throw notOfThisKind(
      `${path} takes settings from a profile, and profiles are known to its own runner only.`,
      "Have that runner write the settings out (`bench tasks normalize --write`).",
    );
  }
  const version = String(data.schema_version ?? data.version ?? "1");
  if (/^1(?:\.|$)/.test(version)) return;
  throw notOfThisKind(
    `${path} has the schema_version "${version}", and only 1 is understood.`,
    "Use a newer agent33, or an older version of the task.",
  );
}

/** Headings that divide the text below the front matter. */
const section = /^##[ \t]+(prompt|role:[\w.-]+|scene:[\w.-]+|user-persona)[ \t]*$/gim;

/** The prompt: the section of that name, else what stands before the first section. */
function instructionIn(
  body: string,
  path: string,
): { readonly instruction: string; readonly leftOut: readonly string[] } {
  const marks = [...body.matchAll(section)];
  const parts = new Map<string, string>();
  for (const [index, mark] of marks.entries()) {
    const name = (mark[1] ?? "").toLowerCase();
    if (parts.has(name)) throw malformed(path, `the section "## ${name}" is there twice`);
    const begins = mark.index + mark[0].length;
    parts.set(name, body.slice(begins, marks[index + 1]?.index).trim());
  }
  const before = body.slice(0, marks[0]?.index).trim();
  // A heading that belongs to the prompt itself is written with a backslash before it.
  const instruction = (parts.get("prompt") ?? before).replaceAll(/^\\(##[ \t]+)/gm, "$1");
  const others = [...parts.keys()].filter((name) => name !== "prompt");
  return { instruction, leftOut: others.map((name) => `## ${name}`) };
}

const strategies = z.looseObject({
  verifier: z.looseObject({
    default_strategy: z.string().optional(),
    strategies: z.record(
      z.string(),
      z.looseObject({ type: z.string(), command: z.string().optional() }),
    ),
  }),
});

/**
 * Looks at a `verifier.md`, which says how a task in the `task.md` layout is judged.
 * @throws Agent33Error `evaluation.task_malformed`; `evaluation.layout_unsupported` where that is
 * not by the script `test.sh`
 */
export function checkVerifierDocument(text: string, path: string): void {
  const split = splitFrontMatter(text);
  // Text without settings is a note to people.
  if (split === undefined) return;
  if ("message" in split) throw malformed(path, `not YAML: ${split.message}`);
  const parsed = strategies.safeParse(split.data);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((one) => `${one.path.join(".")}: ${one.message}`);
    throw malformed(path, problems.join("; "), problems);
  }
  const { default_strategy: named, strategies: known } = parsed.data.verifier;
  const name = named ?? Object.keys(known)[0] ?? "";
  const strategy = Object.hasOwn(known, name) ? known[name] : undefined;
  if (strategy === undefined) throw malformed(path, `there is no strategy "${name}"`);
  const isScript = /^(?:(?:\/bin\/)?(?:ba)?sh\s+)?(?:\.\/|\/verifier\/)?test\.sh$/;
  if (strategy.type === "script" && isScript.test(strategy.command?.trim() ?? "")) return;
  const how = strategy.type === "script" ? `the command "${strategy.command}"` : strategy.type;
  throw notOfThisKind(
    `${path} has the task judged by ${how}, and only the script test.sh is understood.`,
    "Write a test.sh that judges and leaves its verdict in reward.txt, or take another task.",
  );
}
