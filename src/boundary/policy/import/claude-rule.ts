import { err, ok, type Result } from "../../../base/result.ts";
import type { DecisionEffect } from "../../types.ts";
import type { WrittenMatch } from "./imported-pack.ts";

/** Why a rule cannot be said in a pack, and what to do instead. */
export interface Refusal {
  readonly message: string;
  readonly hint: string;
}

interface KnownTool {
  readonly match: WrittenMatch;
  /** What stands in the brackets; undefined where packs cannot say any of it. */
  readonly specifier?: (text: string) => Result<WrittenMatch, Refusal>;
  /** Why they cannot. */
  readonly why: string;
}

const byPath = "packs do not look at paths: what the workspace tools may reach is the workspace.";

const tools: Readonly<Record<string, KnownTool>> = {
  Bash: {
    match: { connector: ["shell:*"] },
    why: "packs do not look into command lines, which can say one thing in many ways.",
  },
  Read: { match: { connector: ["tool:workspace"], effect: ["read"] }, why: byPath },
  Edit: { match: { connector: ["tool:workspace"], effect: ["write", "destructive"] }, why: byPath },
  WebSearch: {
    match: { connector: ["search:*"] },
    why: "a search has nothing to be told apart by.",
  },
  WebFetch: {
    match: { connector: ["web:*"] },
    specifier: domain,
    why: "",
  },
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
export function claudeRule(rule: string, effect: DecisionEffect): Result<WrittenMatch, Refusal> {
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
  if (specifier === undefined || specifier === "*") return ok(tool.match);
  if (tool.specifier !== undefined) {
    const more = tool.specifier(specifier);
    return more.ok ? ok({ ...tool.match, ...more.value }) : more;
  }
  return err({
    message: `the specifier "${specifier}" cannot be said: ${tool.why}`,
    hint: `Write ${name} without it, or take the rule out.`,
  });
}

function domain(text: string): Result<WrittenMatch, Refusal> {
  const host = /^domain:((?:\*\.)?[A-Za-z0-9.-]+)$/.exec(text)?.[1];
  if (host !== undefined) return ok({ host: [host.toLowerCase()] });
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
): Result<WrittenMatch, Refusal> {
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
  if (tool === undefined || tool === "*") return ok({ connector });
  const offered = `${server}__${tool}`;
  if (!offeredTool.test(offered)) {
    return err({
      message: `the tool "${tool}" is offered under another name here.`,
      hint: "Tools whose names are long or have other characters get a digest; write the rule by hand.",
    });
  }
  return ok({ connector, tool: [offered] });
}
