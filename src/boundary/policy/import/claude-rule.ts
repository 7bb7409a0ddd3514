import { err, ok, type Result } from "../../../base/result.ts";
import type { DecisionEffect } from "../../types.ts";
import { anyOf, type CommandTest, commandTest } from "./claude-command.ts";
import { pathCondition } from "./claude-path.ts";
import type { Refusal, WrittenMatch } from "./imported-pack.ts";

/** A rule in a pack's words. */
export interface SaidRule {
  readonly match: WrittenMatch;
  readonly when?: string;
  /** For what is allowed of command lines: all such rules together are one of a pack. */
  readonly command?: CommandTest;
}

interface KnownTool {
  readonly match: WrittenMatch;
  /** What stands in the brackets. */
  readonly specifier: (
    text: string,
    effect: DecisionEffect,
    match: WrittenMatch,
  ) => Result<SaidRule, Refusal>;
}

const tools: Readonly<Record<string, KnownTool>> = {
  Bash: { match: { connector: ["shell:*"] }, specifier: command },
  Read: { match: { connector: ["tool:workspace"], effect: ["read"] }, specifier: path },
  Edit: {
    match: { connector: ["tool:workspace"], effect: ["write", "destructive"] },
    specifier: path,
  },
  WebSearch: {
    match: { connector: ["search:*"] },
    specifier: (text) =>
      err({
        message: `the specifier "${text}" cannot be said: a search has nothing to be told apart by.`,
        hint: "Write WebSearch without it, or take the rule out.",
      }),
  },
  WebFetch: { match: { connector: ["web:*"] }, specifier: domain },
};

const writeTools =
  "Claude Code holds Read and Edit rules against all tools that read or edit; write one of these.";
const otherNames: Readonly<Record<string, string>> = {
  Write: writeTools,
  MultiEdit: writeTools,
  NotebookEdit: writeTools,
  Glob: writeTools,
  Grep: writeTools,
  LS: writeTools,
};

const rulePattern = /^([A-Za-z_*][\w.*-]*)(?:\((.*)\))?$/s;
const offeredTool = /^[A-Za-z0-9_*-]{1,64}$/;

/** What one rule of Claude Code's permissions asks about, in a pack's words. */
export function claudeRule(rule: string, effect: DecisionEffect): Result<SaidRule, Refusal> {
  const [, name = "", specifier] = rulePattern.exec(rule.trim()) ?? [];
  if (name === "") {
    return err({
      message: "this is not of the form Tool or Tool(specifier).",
      hint: "Claude Code skips such a rule; take it out.",
    });
  }
  if (name.startsWith("mcp__")) return mcpRule(name, specifier, effect);
  const tool = Object.hasOwn(tools, name) ? tools[name] : undefined;
  if (tool === undefined) {
    return err({
      message: `"${name}" has no counterpart here.`,
      hint: otherNames[name] ?? `Known: ${Object.keys(tools).join(", ")}, mcp__server__tool.`,
    });
  }
  const { match } = tool;
  if (specifier === undefined || specifier === "*") return ok({ match });
  return tool.specifier(specifier, effect, match);
}

function command(
  text: string,
  effect: DecisionEffect,
  match: WrittenMatch,
): Result<SaidRule, Refusal> {
  const test = commandTest(text);
  if (!test.ok) return test;
  return ok(
    effect === "allow" ? { match, command: test.value } : { match, when: anyOf(test.value) },
  );
}

function path(
  text: string,
  effect: DecisionEffect,
  match: WrittenMatch,
): Result<SaidRule, Refusal> {
  const when = pathCondition(text, effect);
  return when.ok ? ok({ match, when: when.value }) : when;
}

function domain(
  text: string,
  _effect: DecisionEffect,
  match: WrittenMatch,
): Result<SaidRule, Refusal> {
  if (text === "domain:*") return ok({ match });
  const host = /^domain:((?:\*\.)?[A-Za-z0-9.-]+)$/.exec(text)?.[1];
  if (host !== undefined) return ok({ match: { ...match, host: [host.toLowerCase()] } });
  return err({
    message: `the specifier "${text}" cannot be said: a pack knows whole hosts and *.example.org.`,
    hint: "Write WebFetch(domain:example.org) or WebFetch(domain:*.example.org).",
  });
}

/** `mcp__server`, `mcp__server__*`, `mcp__server__tool`; a server's tools are offered under its name. */
function mcpRule(
  name: string,
  specifier: string | undefined,
  effect: DecisionEffect,
): Result<SaidRule, Refusal> {
  if (specifier !== undefined) {
    return err({
      message: "Claude Code skips rules about MCP tools that have brackets.",
      hint: `Write ${name} if that is what was meant, or take the rule out.`,
    });
  }
  const [, server = "", tool] = /^mcp__(.+?)(?:__(.+))?$/s.exec(name) ?? [];
  if (server.includes("*") && effect === "allow") {
    return err({
      message: "Claude Code skips an allow rule that names no server.",
      hint: "Name the server: mcp__server or mcp__server__*.",
    });
  }
  if (server === "") {
    return err({
      message: "this names no server.",
      hint: "Write mcp__server or mcp__server__tool.",
    });
  }
  const connector = [`mcp:${server}`];
  if (tool === undefined || tool === "*") return ok({ match: { connector } });
  const offered = `${server}__${tool}`;
  if (!offeredTool.test(offered)) {
    return err({
      message: `the tool "${tool}" is offered under another name here.`,
      hint: "Tools whose names are long or have other characters get a digest; write the rule by hand.",
    });
  }
  return ok({ match: { connector, tool: [offered] } });
}
