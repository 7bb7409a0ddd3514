import { z } from "zod";
import type { DecisionEffect } from "../../types.ts";
import type { Fault, Position } from "../errors.ts";
import { readYaml, type YamlForm } from "../yaml-file.ts";
import { allOf, type CommandTest } from "./claude-command.ts";
import { claudeRule } from "./claude-rule.ts";
import {
  type Imported,
  inOrder,
  ruleIds,
  type WrittenMatch,
  type WrittenRule,
  writePack,
} from "./imported-pack.ts";

const lists = ["deny", "ask", "allow"] as const;
const ruleList = z.array(z.string()).default([]);

const settingsSchema = z.looseObject({
  permissions: z
    .looseObject({
      allow: ruleList,
      ask: ruleList,
      deny: ruleList,
      defaultMode: z.string().optional(),
    })
    .optional(),
  hooks: z.record(z.string(), z.unknown()).optional(),
});

const form: YamlForm<z.output<typeof settingsSchema>> = {
  schema: settingsSchema,
  hint: "Give a settings file of Claude Code: JSON with `permissions`.",
  keysAt: () => ["permissions", "allow", "ask", "deny", "defaultMode"],
};

/** What Claude Code does where no rule matches. */
const defaults: Readonly<Record<string, DecisionEffect>> = { default: "ask", dontAsk: "deny" };

/** Keys beside the rules that say nothing which a pack would have to. */
const harmless = ["allow", "ask", "deny", "defaultMode", "disableBypassPermissionsMode"];

/**
 * Makes a pack of the permissions in a settings file of Claude Code. Its rules are deny before ask
 * before allow, as ours.
 * @param file how the file is called in messages
 */
export function importClaudeCode(text: string, file: string, name: string): Imported {
  const read = readYaml(text, file, form);
  if (!read.ok) return { ok: false, refused: read.faults };
  const { data } = read;
  const { at } = read.places;
  const { permissions, hooks = {} } = data;
  if (permissions === undefined) {
    const message = "there are no `permissions` in this file.";
    return { ok: false, refused: [{ at: at(), message, hint: form.hint }] };
  }
  const refused: Fault[] = [];
  const refuse = (where: Position, message: string, hint: string): void => {
    refused.push({ at: where, message, hint });
  };

  for (const key of Object.keys(permissions)) {
    if (harmless.includes(key)) continue;
    refuse(
      at("permissions", key),
      `permissions.${key}: packs do not say this.`,
      "Take it out of the file to import the rest, if it need not hold.",
    );
  }
  for (const hook of ["PreToolUse", "PermissionRequest"]) {
    if (!(hook in hooks)) continue;
    refuse(
      at("hooks", hook),
      `hooks.${hook}: a program decides about calls there; a pack does not start programs.`,
      "Write what it decides as rules, and take it out of the file.",
    );
  }
  const { defaultMode = "default" } = permissions;
  const fallback = defaults[defaultMode];
  if (fallback === undefined) {
    refuse(
      at("permissions", "defaultMode"),
      `permissions.defaultMode "${defaultMode}": packs have no such mode.`,
      `Known: ${Object.keys(defaults).join(", ")}. Write what else is to be allowed as rules.`,
    );
  }

  const idOf = ruleIds();
  const seen = new Set<string>();
  const rules: WrittenRule[] = [];
  const commands: { test: CommandTest; match: WrittenMatch; rule: string; at: Position }[] = [];
  for (const effect of lists) {
    for (const [index, rule] of permissions[effect].entries()) {
      const where = at("permissions", effect, index);
      const made = claudeRule(rule, effect);
      if (!made.ok) {
        refuse(where, `permissions.${effect} "${rule}": ${made.error.message}`, made.error.hint);
        continue;
      }
      const key = JSON.stringify([effect, made.value]);
      if (seen.has(key)) continue;
      seen.add(key);
      const reason = `Claude Code: ${effect} ${rule}`;
      const { command, ...said } = made.value;
      if (command === undefined) {
        rules.push({ id: idOf(`${effect} ${rule}`), effect, ...said, reason, at: where });
      } else commands.push({ test: command, match: said.match, rule, at: where });
    }
  }
  const [first] = commands;
  if (first !== undefined) {
    // Together: of the commands of a line, each may be allowed by another rule.
    const when = allOf(commands.map(({ test }) => test));
    const reason = `Claude Code: allow ${commands.map(({ rule }) => rule).join(", ")}`;
    const { match, at: where } = first;
    rules.push({
      id: idOf("allow Bash commands"),
      effect: "allow",
      match,
      when,
      reason,
      at: where,
    });
  }
  if (refused.length > 0) return { ok: false, refused: inOrder(refused) };
  const pack = {
    name,
    description: `Imported from permissions of Claude Code (${defaultMode} mode).`,
    default: fallback ?? "ask",
    rules: [...rules, ...unasked(rules).map((rule) => ({ ...rule, id: idOf(rule.id) }))],
  };
  return writePack(pack, notesOn(Object.keys(data), rules), file);
}

/** What Claude Code never asks about, so that the pack does not either. */
function unasked(rules: readonly WrittenRule[]): readonly WrittenRule[] {
  const added: readonly (readonly [string, WrittenMatch, string])[] = [
    [
      "models",
      { connector: ["model:*", "embedding:*"] },
      "The models in the settings are there to be used.",
    ],
    [
      "models-nearby",
      { connector: ["model:*", "embedding:*"], private: [true] },
      "A person wrote its address into the settings.",
    ],
    [
      "servers-open",
      { connector: ["mcp:*"], operation: ["session/open", "tools/list"] },
      "Configured servers are started and asked for their tools.",
    ],
    ["reading", claudeReading, "Claude Code reads in the workspace without asking."],
  ];
  // A rule about all of it says so already, or forbids it.
  const said = (match: WrittenMatch): boolean =>
    rules.some(
      (rule) =>
        rule.when === undefined &&
        Object.entries(rule.match).every(
          ([key, values]) =>
            JSON.stringify(values) === JSON.stringify(match[key as keyof WrittenMatch]),
        ),
    );
  return added.flatMap(([id, match, reason]) =>
    said(match) ? [] : [{ id, effect: "allow", match, reason }],
  );
}

const claudeReading: WrittenMatch = { connector: ["tool:workspace"], effect: ["read"] };

function notesOn(keys: readonly string[], rules: readonly WrittenRule[]): readonly string[] {
  const conditions = rules.map(({ when = "" }) => when);
  const left = keys.filter((key) => key !== "permissions" && key !== "$schema");
  return [
    "Private addresses stay shut but for models: an MCP server or a page at one needs a rule with private: true.",
    ...(conditions.some((when) => when.includes("Command"))
      ? [
          "Commands are compared by their words; what scripts and other programs run is not seen. A line with redirections, substitutions or assignments is not allowed by a rule about its commands, nor by Claude Code's own list of harmless ones: a person is asked.",
        ]
      : []),
    ...(conditions.some((when) => when.includes("pathLike"))
      ? [
          "Paths are those below the workspace, as they are given: a link within the workspace is not followed. They are not held against commands.",
        ]
      : []),
    ...(left.length === 0 ? [] : [`Left out, as not about permissions: ${left.join(", ")}.`]),
  ];
}
