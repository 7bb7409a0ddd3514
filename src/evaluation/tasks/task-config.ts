import { basename } from "node:path";
import { parse, TomlError } from "smol-toml";
import type { z } from "zod";
import { Agent33Error } from "../../base/errors.ts";
import { suggestName } from "../../base/nearest.ts";
import { keysLeftOut } from "./task-keys.ts";
import {
  type Agent33Metadata,
  agent33MetadataSchema,
  sizeInMb,
  type TaskFile,
  taskFileSchema,
} from "./task-schema.ts";
import type { TaskMcpServer } from "./task.ts";

/** The settings of a task, checked. */
export interface TaskConfig {
  /** In the words of `task.toml`, whichever file they stand in. */
  readonly file: TaskFile;
  readonly agent33: Agent33Metadata | undefined;
  readonly servers: readonly TaskMcpServer[];
  readonly memoryMb: number | undefined;
  readonly storageMb: number | undefined;
  /** As it was parsed, with the keys that mean nothing to us. */
  readonly raw: object;
  readonly notices: readonly string[];
}

/** How a file words its settings. */
interface Wording {
  /** A key of `task.toml`, as this file spells it. */
  readonly spell: (key: string) => string;
  /** Whether a key that nobody knows is an error, as in `task.md`, or a notice. */
  readonly strict: boolean;
}

/**
 * Reads the text of a `task.toml`.
 * @param path for messages only
 * @throws Agent33Error `evaluation.task_malformed` with the line of a TOML error or the dotted path
 * of a value that has the wrong type
 */
export function readTaskConfig(text: string, path: string): TaskConfig {
  const raw = parseToml(text, path);
  return checkTaskConfig(raw, raw, path, { spell: (key) => key, strict: false });
}

/**
 * Checks the settings of a task.
 * @param values in the words of `task.toml`
 * @param raw as they were written
 * @throws Agent33Error `evaluation.task_malformed`
 */
export function checkTaskConfig(
  values: object,
  raw: object,
  path: string,
  { spell, strict }: Wording,
): TaskConfig {
  const check = <Schema extends z.ZodType>(schema: Schema, value: unknown, prefix: string) => {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    const problems = parsed.error.issues.map((issue) => describe(issue, prefix, spell));
    throw malformed(path, problems.join("; "), problems);
  };
  const file = check(taskFileSchema, values, "");
  const metadata = file.metadata?.["agent33"];
  const agent33 =
    metadata === undefined ? undefined : check(agent33MetadataSchema, metadata, "metadata.agent33");
  const { unknown, notKept } = keysLeftOut(file);
  if (strict && unknown.length > 0) {
    const problems = unknown.map((key) => `the key "${spell(key)}" is not known`);
    throw malformed(path, problems.join("; "), problems);
  }
  const environment = file.environment ?? {};
  const size = (key: "memory" | "storage"): number | undefined => {
    const value = environment[key];
    if (value === undefined) return undefined;
    const mb = sizeInMb(value);
    if (mb !== undefined) return mb;
    throw malformed(path, `${spell(`environment.${key}`)}: "${value}" is not a size such as "4G"`);
  };
  const name = basename(path);
  return {
    file,
    agent33,
    servers: (environment.mcp_servers ?? []).map((server, index) =>
      mcpServer(server, path, spell(`environment.mcp_servers.${index}`)),
    ),
    memoryMb: environment.memory_mb ?? size("memory"),
    storageMb: environment.storage_mb ?? size("storage"),
    raw,
    notices: [
      ...unknown.map((key) => `${name}: the key "${key}" is not known and ignored`),
      ...notKept.map(
        ({ key, instead }) => `${name}: the key "${spell(key)}" is not kept: ${instead}`,
      ),
    ],
  };
}

function parseToml(text: string, path: string): object {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    // The library's message goes on with an extract of the file; its first line says what is wrong.
    const what = (cause.message.split("\n")[0] ?? "").replace(/^Invalid TOML document: /, "");
    throw new Agent33Error(
      "evaluation.task_malformed",
      `${path}, line ${cause.line}, column ${cause.column}: not TOML: ${what}.`,
      {
        hint: "Correct this line; texts need quotes, and a table is named only once.",
        details: { file: path, line: cause.line, column: cause.column },
        cause,
      },
    );
  }
}

function describe(issue: z.core.$ZodIssue, prefix: string, spell: Wording["spell"]): string {
  const at = [prefix, ...issue.path.map(String)].filter((part) => part !== "").join(".");
  if (issue.code !== "unrecognized_keys") return `${spell(at)}: ${issue.message}`;
  const known = Object.keys(agent33MetadataSchema.shape);
  const words = issue.keys.map((key) =>
    // Suggestions fit only where the names are ours.
    at === prefix ? `"${key}" is not known. ${suggestName(key, known)}` : `"${key}" is not known.`,
  );
  return `${at}: ${words.join(" ")}`;
}

function mcpServer(
  server: NonNullable<NonNullable<TaskFile["environment"]>["mcp_servers"]>[number],
  path: string,
  at: string,
): TaskMcpServer {
  const { name, command, url } = server;
  // Harbor's default is sse; a command can only mean stdio.
  const transport = server.transport ?? (command === undefined ? "sse" : "stdio");
  if (transport === "stdio") {
    if (command === undefined) throw malformed(path, `${at}.command: a stdio server needs one`);
    return { name, transport, command, args: server.args ?? [], env: server.env ?? {} };
  }
  if (url === undefined) throw malformed(path, `${at}.url: a server over ${transport} needs one`);
  return { name, transport: transport === "sse" ? "sse" : "streamable-http", url };
}

/** The error of settings that do not fit the format. */
export function malformed(
  path: string,
  what: string,
  problems: readonly string[] = [what],
): Agent33Error {
  return new Agent33Error("evaluation.task_malformed", `${path}: ${what}`, {
    hint: `Correct what is named here in ${basename(path)}.`,
    details: { file: path, problems: [...problems] },
  });
}
