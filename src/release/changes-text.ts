import { bullets, cell, table } from "./markdown.ts";
import type { Packet } from "./packet.ts";

type Changes = Packet["changes"];
type Rule = NonNullable<Changes["policy"]>["policies"][number]["rules"][number];

/** Most characters of one rule; the JSON has all. */
const longestRule = 240;

/** What a change does within its files, as parts of a packet in Markdown. */
export function changesMarkdown({ policy, dependencies, schemas }: Changes): readonly string[] {
  return [
    ...(policy === null ? [] : policyMarkdown(policy)),
    ...(dependencies === null ? [] : dependenciesMarkdown(dependencies)),
    ...(schemas === null ? [] : schemasMarkdown(schemas)),
  ];
}

function policyMarkdown(policy: NonNullable<Changes["policy"]>): readonly string[] {
  const { direction, policies, settings, unread } = policy;
  return [
    `## Policy: ${direction}`,
    ...policies.flatMap(({ subject, direction: way, note, rules, default: fallback }) => [
      `**${cell(subject)}**: ${way}${note === "" ? "" : ` (${cell(note)})`}`,
      bullets([
        ...(fallback === null
          ? []
          : [`changed where no rule matches: ${fallback.before} → ${fallback.after}`]),
        ...rules.flatMap(ruleLines),
      ]),
    ]),
    policies.length === 0 && unread.length === 0 ? "No rule in force differs." : "",
    bullets(settings.map(({ path, names }) => `${path} changes ${names.join(", ")}`)),
    unreadMarkdown(unread),
  ];
}

function ruleLines({ rule, direction, before, after }: Rule): readonly string[] {
  const way = direction === "same" ? "" : `, ${direction}`;
  if (before === null) return after === null ? [] : [`added ${rule}: ${said(after)}${way}`];
  if (after === null) return [`removed ${rule}: ${said(before)}${way}`];
  return [`changed ${rule}: ${said(before)} → ${said(after)}${way}`];
}

function said({
  ruleId: _told,
  effect,
  match,
  reason,
  ...more
}: NonNullable<Rule["before"]>): string {
  const rest = Object.keys(more).length === 0 ? "" : ` ${JSON.stringify(more)}`;
  return `${effect} ${JSON.stringify(match)}${rest} (${reason})`.slice(0, longestRule);
}

function dependenciesMarkdown({
  named,
  locked,
  unread,
}: NonNullable<Changes["dependencies"]>): readonly string[] {
  return [
    "## Dependencies",
    table(
      ["dependency", "in", "before", "after", "major"],
      named.map(({ path, section, name, before, after, major }) => [
        name,
        `${path} ${section}`,
        before ?? "not there",
        after ?? "gone",
        before === null || after === null
          ? ""
          : major === null
            ? "not known"
            : major
              ? "yes"
              : "no",
      ]),
    ),
    bullets(
      locked.flatMap(({ path, added, removed, changed, major, scripts }) => [
        `${path}: ${added} packages added, ${removed} removed, ${changed} changed`,
        ...(major.length === 0 ? [] : [`major in ${path}: ${major.join(", ")}`]),
        ...(scripts.length === 0 ? [] : [`run a script when installed: ${scripts.join(", ")}`]),
      ]),
    ),
    unreadMarkdown(unread),
  ];
}

function schemasMarkdown({ files, unread }: NonNullable<Changes["schemas"]>): readonly string[] {
  return [
    "## Schemas",
    table(
      ["file", "kind", "breaking", "changes"],
      files.map(({ path, kind, breaking, changes }) => [
        path,
        kind,
        breaking,
        changes.length === 0 ? "nothing that is checked" : changes.join("; "),
      ]),
    ),
    unreadMarkdown(unread),
  ];
}

function unreadMarkdown(
  unread: readonly { readonly path: string; readonly side: string; readonly why: string }[],
): string {
  return bullets(
    unread.map(({ path, side, why }) => `Not compared: ${path} at the ${side}: ${why}`),
  );
}
