import { globMatcher } from "../base/glob.ts";
import type { JsonObject } from "../base/json.ts";
import { commandParts, matchesCommand } from "./command-pattern.ts";

/** A call as the rules of a skill see it. */
export interface SkillCall {
  readonly tool: string;
  readonly args?: JsonObject | undefined;
}

/** One entry of a skill's list of tools: `Read`, `Bash(git *)`, `files__*`. */
export interface ToolPattern {
  readonly text: string;
  /** What stands before the parentheses. */
  readonly name: string;
  /** What stands in them; absent where the whole tool is meant. */
  readonly inner?: string;
  readonly matchesName: (tool: string) => boolean;
}

/**
 * What skills written for other programs call their tools, and what tools of that kind are called
 * here: the engine's own, those of the usual MCP servers, those of connectors of the settings.
 */
const familiar: Readonly<Record<string, readonly string[]>> = {
  bash: ["run_command", "bash", "shell", "execute_command"],
  shell: ["run_command", "bash", "shell", "execute_command"],
  read: ["read_file", "read_text_file", "read_media_file", "read_multiple_files"],
  write: ["write_file", "create_file", "create_directory", "move_file", "append_line"],
  edit: ["edit_file", "append_line"],
  multiedit: ["edit_file", "append_line"],
  glob: ["search_files", "list_directory", "list_directory_with_sizes", "directory_tree"],
  ls: ["list_directory", "list_directory_with_sizes", "directory_tree", "list_files"],
  list: ["list_directory", "list_directory_with_sizes", "directory_tree", "list_files"],
  grep: ["grep", "search_files", "search_text"],
  webfetch: ["fetch", "fetch_page", "request"],
  websearch: ["search", "web_search"],
  task: ["delegate"],
  agent: ["delegate"],
  todowrite: ["update_plan"],
  skill: ["load_skill"],
};

/** Tools that their own arguments say what command they run. */
const commandTools: ReadonlySet<string> = new Set(familiar["bash"]);

/** Names that others use for things which are no tools here: nothing can match them. */
const foreign: ReadonlySet<string> = new Set(
  "askuserquestion enterplanmode exitplanmode killshell lsp notebookedit notebookread sendmessage slashcommand taskcreate taskget tasklist taskoutput taskstop taskupdate todoread toolsearch workflow".split(
    " ",
  ),
);

const known = new Map<string, ToolPattern>();
const mostKnown = 4_096;

/** Reads one entry. What is written with `*` stands for any characters. */
export function toolPattern(text: string): ToolPattern {
  const earlier = known.get(text);
  if (earlier !== undefined) return earlier;
  const [, name = text, inner] = /^([^()]*)\((.*)\)$/s.exec(text) ?? [];
  const pattern: ToolPattern = {
    text,
    name,
    // `Bash()` and `Bash(*)` are all of it.
    ...(inner === undefined || /^[\s:*]*$/.test(inner) ? {} : { inner }),
    matchesName: nameMatcher(name),
  };
  if (known.size >= mostKnown) known.clear();
  known.set(text, pattern);
  return pattern;
}

/** How a name of a list stands to the tools that there are. */
export type NameKind = "familiar" | "foreign" | "server" | "own";

export function nameKind({ name }: ToolPattern): NameKind {
  const plain = name.toLowerCase();
  if (plain in familiar) return "familiar";
  if (foreign.has(plain)) return "foreign";
  return name.startsWith("mcp__") ? "server" : "own";
}

/** Whether an entry says something about arguments that can be held against a call. */
export function readsArguments(pattern: ToolPattern): boolean {
  return pattern.inner === undefined || familiar[pattern.name.toLowerCase()] === familiar["bash"]
    ? true
    : commandTools.has(pattern.name);
}

function nameMatcher(name: string): (tool: string) => boolean {
  const names = familiar[name.toLowerCase()];
  if (names !== undefined) return (tool) => tool === name || names.includes(plainName(tool));
  if (name.startsWith("mcp__")) {
    const server = name.slice("mcp__".length);
    return globMatcher([server.includes("__") ? server : `${server}__*`]);
  }
  const matches = globMatcher([name]);
  // A name without its server is that tool of any server.
  return name.includes("__") ? matches : (tool) => matches(tool) || matches(plainName(tool));
}

/** A tool's name without that of its server. */
function plainName(tool: string): string {
  const at = tool.lastIndexOf("__");
  return at < 0 ? tool : tool.slice(at + 2);
}

/**
 * Whether a list allows a call. Of a command line each part has to be allowed, by whichever entry.
 * An entry whose words about arguments cannot be held against the call allows nothing.
 */
export function listAllows(list: readonly ToolPattern[], call: SkillCall): boolean {
  const named = list.filter((pattern) => pattern.matchesName(call.tool));
  if (named.some(({ inner }) => inner === undefined)) return true;
  const parts = partsOf(call, "whole");
  if (parts === undefined || parts.length === 0) return false;
  return parts.every((part) => named.some(({ inner = "" }) => matchesCommand(inner, part)));
}

/**
 * The entry of a list that speaks of a call, for lists that forbid or ask: one part of a command
 * line is enough, and so is an entry whose words about arguments cannot be held against the call.
 */
export function entryAbout(list: readonly ToolPattern[], call: SkillCall): ToolPattern | undefined {
  return list.find((pattern) => {
    if (!pattern.matchesName(call.tool)) return false;
    const { inner } = pattern;
    if (inner === undefined) return true;
    const parts = partsOf(call, "any");
    return parts === undefined || parts.some((part) => matchesCommand(inner, part));
  });
}

/** The commands in a call; undefined where it is no command line. */
function partsOf({ tool, args }: SkillCall, how: "whole" | "any"): readonly string[] | undefined {
  const command = args?.["command"];
  if (!commandTools.has(plainName(tool)) || typeof command !== "string") return undefined;
  return commandParts(command, how);
}
