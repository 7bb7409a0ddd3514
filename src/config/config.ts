import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isNode, LineCounter, parseDocument } from "yaml";
import { Agent33Error, messageOf } from "../base/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue, toJsonValue } from "../base/json.ts";
import { repeatedName } from "../base/repeated-name.ts";
import { suggestName } from "../base/nearest.ts";
import { checkNames, invalidSettings } from "./invalid-settings.ts";
import { type Leaf, leaves } from "./leaves.ts";
import { serversOfFiles } from "./mcp-files.ts";
import { withPricesFile } from "./prices-file.ts";
import { type Settings, settingsSchema } from "./schema.ts";
import { shownValue } from "./shown-value.ts";

/** Where a setting's value came from. */
export interface Origin {
  readonly layer: "default" | "file" | "environment" | "flag";
  /** The file, the variable or the flag. */
  readonly name: string;
}

export interface ExplainedSetting {
  readonly name: string;
  readonly value: JsonValue;
  readonly origin: Origin;
  readonly description: string;
  readonly environmentName: string;
}

export interface Config {
  readonly settings: Settings;
  /** What a person should know of what was read besides. */
  readonly notices: readonly string[];
  /** The file that was read, if there was one. */
  readonly file: string | undefined;
  /** Every setting, its value and where it came from. */
  explain(): readonly ExplainedSetting[];
  originOf(name: string): Origin;
  /** The same sources read again. @throws Agent33Error as {@link loadConfig} */
  reload(): Config;
}

export interface FlagSetting {
  /** The setting's dotted name: `limits.maxSteps`. */
  readonly setting: string;
  /** As the person wrote it: `--max-steps`. */
  readonly flag: string;
  readonly value: JsonValue | undefined;
}

export interface ConfigSources {
  /** Folder in which `agent33.config.yaml` is looked for. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Settings given on the command line; those with no value were not given. */
  readonly flags: readonly FlagSetting[];
  /** A file named explicitly: it must exist. */
  readonly file?: string;
}

export const configFileName = "agent33.config.yaml";

/** Variables that begin like settings and are none. */
const otherVariables = new Set(["AGENT33_BENCH_DATA", "AGENT33_MASTER_KEY"]);

/**
 * Reads all settings: file, then environment, then flags, the later over the earlier.
 * @throws Agent33Error `config.unreadable`, `config.malformed`, `config.unknown_setting`,
 * `config.invalid_value`, `config.name_in_use`, `config.not_mcp_file`; each names the place and, for a name, the nearest known one.
 */
export function loadConfig(sources: ConfigSources): Config {
  const origins = new Map<string, Origin>();
  const merged: Record<string, unknown> = {};
  const file = sources.file ?? join(sources.cwd, configFileName);
  const hasFile = sources.file !== undefined || existsSync(file);
  if (hasFile) applyFile(file, merged, origins);
  applyEnvironment(sources.env, merged, origins);
  for (const { setting, flag, value } of sources.flags) {
    if (value === undefined) continue;
    const leaf = leaves.find((candidate) => candidate.name === setting);
    if (leaf === undefined) throw unknownSetting(setting, flag);
    setAt(merged, leaf.path, value);
    origins.set(setting, { layer: "flag", name: flag });
  }
  const parsed = settingsSchema.safeParse(merged);
  if (!parsed.success) throw invalidSettings(parsed.error, merged, origins);
  const { mcpFiles, mcpServers } = parsed.data;
  const { servers, notices } = serversOfFiles(mcpFiles, sources.cwd, mcpServers);
  const prices = withPricesFile(parsed.data, sources.cwd);
  const settings = { ...parsed.data, prices, mcpServers: { ...servers, ...mcpServers } };
  const originOf = (name: string): Origin =>
    origins.get(name) ?? { layer: "default", name: "built in" };
  checkNames(settings, mcpServers, originOf);
  return {
    settings,
    notices,
    file: hasFile ? file : undefined,
    originOf,
    reload: () => loadConfig(sources),
    explain: () =>
      leaves.map((leaf) => ({
        name: leaf.name,
        value: shownValue(leaf, toJsonValue(getAt(settings, leaf.path))),
        origin: originOf(leaf.name),
        description: leaf.description,
        environmentName: leaf.environmentName,
      })),
  };
}

function applyFile(
  file: string,
  merged: Record<string, unknown>,
  origins: Map<string, Origin>,
): void {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new Agent33Error(
      "config.unreadable",
      `The settings file ${file} cannot be read: ${messageOf(cause)}`,
      {
        hint: "Check the path given with --config.",
        cause,
      },
    );
  }
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter });
  const [problem] = document.errors;
  if (problem !== undefined) {
    throw new Agent33Error("config.malformed", `${file}: ${problem.message}`, {
      hint: "Mend the YAML.",
      cause: problem,
    });
  }
  const data = parsedYaml(document, file);
  if (data === null) return;
  if (!isJsonObject(data)) {
    throw new Agent33Error("config.malformed", `${file} does not hold a table of settings.`, {
      hint: "Write settings as `name: value` lines.",
    });
  }
  const lineOf = (path: readonly string[]): string => {
    const node = document.getIn(path, true);
    const start = isNode(node) ? node.range?.[0] : undefined;
    return start === undefined ? file : `${file}:${lineCounter.linePos(start).line}`;
  };
  walk(data, [], (path, value) => {
    const name = path.join(".");
    const leaf = leaves.find((candidate) => candidate.name === name);
    if (leaf !== undefined) {
      setAt(merged, path, value);
      origins.set(name, { layer: "file", name: lineOf(path) });
      return true;
    }
    // A section whose lines are all commented out is empty.
    if (isSection(path) && (isJsonObject(value) || value === null)) return false;
    throw unknownSetting(name, lineOf(path));
  });
}

/** @throws Agent33Error `config.malformed` for YAML that is well-formed and means nothing (`*nope`) */
function parsedYaml(document: ReturnType<typeof parseDocument>, file: string): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    throw new Agent33Error("config.malformed", `${file}: ${messageOf(cause)}`, {
      hint: "Mend the YAML.",
      cause,
    });
  }
}

/** Visits settings from the outside in; the visitor says whether a place is settled. */
function walk(
  data: JsonObject,
  path: readonly string[],
  settle: (path: readonly string[], value: JsonValue) => boolean,
): void {
  for (const [key, value] of Object.entries(data)) {
    const here = [...path, key];
    if (!settle(here, value) && isJsonObject(value)) walk(value, here, settle);
  }
}

function isSection(path: readonly string[]): boolean {
  return leaves.some(
    (leaf) =>
      path.length < leaf.path.length && path.every((part, index) => leaf.path[index] === part),
  );
}

function applyEnvironment(
  env: ConfigSources["env"],
  merged: Record<string, unknown>,
  origins: Map<string, Origin>,
): void {
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith("AGENT33_") || otherVariables.has(variable) || text === undefined)
      continue;
    const leaf = leaves.find((candidate) => candidate.environmentName === variable);
    if (leaf === undefined) {
      const known = leaves.map((candidate) => candidate.environmentName);
      throw new Agent33Error(
        "config.unknown_setting",
        `The environment variable ${variable} is not a setting.`,
        {
          hint: suggestName(variable, known),
        },
      );
    }
    setAt(merged, leaf.path, fromText(leaf, text, variable));
    origins.set(leaf.name, { layer: "environment", name: variable });
  }
}

/** A setting's value as a variable or a flag spells it: lists with commas, tables as JSON. */
function fromText(leaf: Leaf, text: string, where: string): JsonValue {
  switch (leaf.kind) {
    case "number":
      return text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text);
    case "boolean":
      return text === "true" ? true : text === "false" ? false : text;
    case "list":
      return text
        .split(",")
        .map((item) => item.trim())
        .filter((item) => item !== "");
    case "json":
      return fromJson(leaf, text, where);
    case "string":
      return text;
  }
}

function fromJson({ name }: Leaf, text: string, where: string): JsonValue {
  const hint = `Write ${name} as a JSON object, or put it into ${configFileName}.`;
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch (cause) {
    const message = `${where} is not JSON: ${messageOf(cause)}`;
    throw new Agent33Error("config.invalid_value", message, { hint, cause });
  }
  const twice = repeatedName(text);
  if (twice === undefined) return value;
  const message = `${where} has the name ${JSON.stringify(twice)} twice in one object.`;
  throw new Agent33Error("config.invalid_value", message, { hint });
}

function unknownSetting(name: string, where: string): Agent33Error {
  return new Agent33Error("config.unknown_setting", `${where}: "${name}" is not a setting.`, {
    hint: suggestName(
      name,
      leaves.map((leaf) => leaf.name),
    ),
  });
}

function setAt(target: Record<string, unknown>, path: readonly string[], value: JsonValue): void {
  let place = target;
  for (const part of path.slice(0, -1)) {
    const next = place[part];
    const table =
      typeof next === "object" && next !== null ? (next as Record<string, unknown>) : {};
    place[part] = table;
    place = table;
  }
  const last = path.at(-1);
  if (last !== undefined) place[last] = value;
}

function getAt(source: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (place, part) =>
      typeof place === "object" && place !== null
        ? (place as Record<string, unknown>)[part]
        : undefined,
    source,
  );
}
