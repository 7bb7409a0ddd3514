import type { DecisionEffect } from "../types.ts";
import { type MatchKey, matchKeys } from "./keys.ts";
import type { LoadedPack, LoadedRule } from "./pack.ts";
import { ruleWords } from "./words.ts";

const comparisons: Readonly<Record<MatchKey["comparison"], string>> = {
  exact: "exactly",
  pattern: "exactly, `*` for any characters",
  host: "in lower case, `*.example.org` for every name below",
};

const headings: readonly (readonly [DecisionEffect, string])[] = [
  ["deny", "refuses"],
  ["ask", "asks a person"],
  ["allow", "allows"],
];

const introduction = `# Policy packs

<!-- Made from the files in packs/. To change this page, change them and run:
     node docs/policy/generate.ts -->

A policy pack is a YAML file of rules about calls that leave the process. Several packs can be
selected; their rules count together. A rule says \`deny\`, \`ask\` or \`allow\` and names facts of the
call. All facts that it names must hold; a list means any of its values; a fact that the call does
not have never holds.

The strictest rule that matches decides: **deny before ask before allow**. Which rule is the more
specific does not matter, nor does the order; the order only says which of several equally strict
rules is named. Where no rule matches, the strictest default of the selected packs holds. A pack
that extends others brings their rules along, before its own.

A pack is refused at start-up when a key or a pack's name is misspelt, when a rule or one of its
values can match no call, and when a rule can never decide because a stricter one of the same pack,
or of one that it extends, covers it. The blocklists in the settings act as further deny rules,
\`settings/blocked-connectors\` and \`settings/blocked-operations\`.

\`agent33 policy explain\` shows for a call what each rule says and why.

## Which packs hold

\`\`\`
policy:
  packs: [default, research-hosts] # for all calls; their rules count together
  files: [policies/] # files and folders with packs of one's own
  blockOperations: [http.delete] # and blockConnectors: denied whatever packs say
  entryPoints: # cli, api, mcp: how the run was asked for
    api: { packs: [strict-web] }
  tenants: # by the tenant's exact name
    acme: { packs: [acme-hosts], blockConnectors: ["messaging:*"] }
\`\`\`

What is named for an entry point or a tenant is a policy of its own beside that for all calls, and
**the strictest of them decides**: it can refuse what the others allow, and not allow what another one
refuses, by a rule or by its default. A part that only blocks takes the packs of all calls. So give
\`packs\` what is allowed to anybody, and narrow it by entry point and tenant. Packs that are named
together in one list are one policy, in which a rule that allows goes before another pack's default.
Parts that nobody uses are read too: an unknown pack, tenant parts included, ends the start.

The files in \`files\` and the settings' file are looked at every second. When one has changed and
rests, everything is read and compiled anew and takes the place of the old policy at once, for runs
that are opened or taken up from then on; a run that is open keeps the policy that it was opened
under. If anything in it is wrong, the old policy stays and a warning says what, with file and line.
Each record of the audit has the version of the policy that decided.

## What a rule can ask about
`;

const example = `
Names of packs and rules, and all values but hosts, are compared with their case. A host is compared
in its one spelling: lower case, without a trailing dot or brackets, addresses as they are usually
written.

## Conditions

\`when\` is a condition in [CEL](https://cel.dev) over the same facts and the call's arguments:

\`\`\`yaml
rules:
  - id: big-transfers-ask
    ask: { connector: "mcp:bank", tool: transfer }
    when: args.amount > 500 || !args.to.endsWith("@example.org")
    reason: Much money, or money that leaves the house.
\`\`\`

It is worked out only for calls that the rule's keys match. The names in it are those of the table
above, \`address\` (what the host resolved to) and \`args\`. A fact that the call does not have is empty
text, 0 or \`false\`; a call without arguments has none. A name that does not exist, a comparison of
what cannot be compared and a condition that is the same for every call are refused at start-up.

- **A condition that cannot be worked out counts as true in a \`deny\` or \`ask\` rule and as false in an
  \`allow\` rule**, and the decision says so: an argument that is missing or of another type opens
  nothing. Write \`has(args.amount) && args.amount > 500\` where an argument may be left out.
- Numbers of the arguments are doubles, as JSON has no others: whole numbers are exact up to 2^53.
  They compare and reckon with the whole numbers of a condition; \`port\` and \`size()\` are whole.
- \`all\` is true of an empty list. There are no regular expressions; \`text.like("/srv/*.md")\` knows
  \`*\`, and \`startsWith\`, \`endsWith\`, \`contains\`, \`lowerAscii\` are there.
- \`args.path.pathLike("/src/**/*.ts")\` reads a pattern as a line of a \`.gitignore\`, without \`!\`,
  \`?\` and classes, and resolves \`.\` and \`..\` in the path; a path that is absolute or leads out cannot be
  worked out. Everything else compares paths as they were given. Links are not followed.
- \`plainCommands(args.command)\` is the list of the commands of a shell line, and cannot be worked out
  where the line could do more than run these, or where a builtin of Bash could, as \`printf -v 'a[$(b)]'\`:
  it is for what is allowed, as in
  \`plainCommands(args.command).all(c, c == "npm test" || c.startsWith("npm test "))\`.
  \`everyCommand(args.command)\` has the commands within others too, also without what stands before them
  (\`A=1 timeout 5\`), without quotes, redirections and the path of the program, and those in
  \`sh -c '…'\`: it is for what is denied or asked, as in
  \`everyCommand(args.command).exists(c, c.startsWith("rm "))\`. It cannot be worked out where the shell
  works out a command's name (\`r{m,}\`, \`$(a) b\`). What programs make of their input, of a script and
  of variables among their arguments no text tells: only a sandbox holds that back.

## Limits, and what must come first

A \`deny\` or \`ask\` rule with a \`limit\` holds only for calls beyond it; one with \`before\` holds only
until a call that matches that has succeeded in the same run:

\`\`\`yaml
rules:
  - id: transfers-a-day
    deny: { connector: "mcp:bank", tool: transfer }
    limit: { max: 5000, per: user, window: 1d, sum: args.amount }
    reason: No more than 5,000 a day.
  - id: many-issues-ask
    ask: { tool: create_issue }
    limit: { max: 5, per: run }
    reason: More than five issues in one run look like a mistake.
  - id: deploy-after-tests
    deny: { tool: deploy }
    before: { tool: run_tests }
    reason: Only what was tested is deployed.
\`\`\`

- \`max\` calls, or a \`sum\` of at most \`max\`: CEL that gives a number for each call, \`tokens\`, or
  \`costUsd\`. Tokens and cost count with their upper bound while the call is under way and with what
  was really used afterwards; a model without a price adds to \`tokens\` only.
- \`per\`: \`run\`, \`user\`, \`agent\` (with its version) or \`tenant\`, always within one tenant. Calls that
  belong to no run, or are made by no agent, count together.
- \`window\`: calls that began within this time count, as \`30m\`, \`1h\`, \`1d\`; \`none\` counts for ever,
  which is also what a limit per run does that names none.
- **Calls in flight count.** A call takes its part in one step with the question whether it fits, so
  that three transfers of 2,000 at once do not pass a limit of 5,000. A call that was never sent
  gives its part back; one whose answer was lost, or whose process died, keeps it.
- A sum that cannot be worked out for a call, or is below 0, counts as reached.
- Beyond an \`ask\`, a person's yes lets that one call pass, and it counts. A call is looked at
  after the circuit breaker and the rate limit: what these refuse takes no part of a limit.
- A tool that answers with an error has not succeeded. Calls outside of any run have nothing before
  them. Limits are about the call as it was made: where only an address that its host turns out to
  have, or a redirect, makes such a rule match, the request is refused.

Limits count what happens; budgets of a run (\`limits\` in the settings) are told to the agent, so that
it can finish in good order. Set both.

## Trying rules out

\`mode\` of a rule, or of a pack for all its rules that name none and for its default:

- \`enforce\`: the rule counts. This is what holds where no mode is given.
- \`shadow\`: what the rule says is written into the decision and the audit, and not applied. At least
  one pack must be in force.
- \`dry-run\`: the rule counts, and a call that it matches is not sent even if it is allowed; nobody is
  asked about it. It ends with \`boundary.dry_run\`, and the agent is told that nothing was done.

## Private addresses

**A private address is shut until a rule opens it**, whatever else is allowed, also where the default
is \`allow\`. An \`allow\` or \`ask\` rule opens it for the calls that it matches by saying
\`private: true\`. A metadata address needs a rule of its own: \`metadata: true\`. A call that no
matching rule opens is refused under the name \`egress/private-address\` or
\`egress/metadata-address\`.

The policy is asked twice: about the call with its host as written, before anything is resolved; and
about each address that the name resolves to, before anything is sent. The second time \`private\`
and \`metadata\` are about the address, and \`host\` matches the name or the address, so
\`deny: {host: 10.0.0.5}\` holds for every name that leads there. What is refused the second time
ends with \`boundary.egress_blocked\`; so does an \`ask\` that nobody was asked the first time.

So for names inside, \`allow: {connector: "web:*", host: "*.corp.example", private: true}\` is enough
where the default is \`allow\`. Where it is \`deny\`, the name must be allowed before it is resolved:
write \`private: [true, false]\`.

A request to another host than the call's own (a redirect that is followed, an address that a server
names) is decided about like a call to that host; an \`ask\` does not let it through, and from a
public host none leads to a private address. Proxies in the environment are not used.

An ask is stronger than any allow. A rule that allows can take that back for the calls that it
matches by naming what it answers, as in \`answers: [default/shell-asks]\`; each ask rule that matches
must be answered, and a denial never is. \`agent33 approvals approve ID --remember call\` (or \`tool\`)
writes such a rule for a question, into a file for people to read.

A pack in full. Its first line lets editors that know the YAML language server complete keys and
mark mistakes; the schema is \`docs/policy/pack.schema.json\` in the repository and in the npm package:

\`\`\`yaml
# yaml-language-server: $schema=node_modules/agent33/docs/policy/pack.schema.json
pack: research-hosts
version: 1
description: Opens the hosts that the research group uses.
extends: [strict-web]
default: deny
rules:
  - id: papers
    allow: { connector: "web:*", host: ["example.org", "*.example.org"] }
    reason: The group's own library.
  - id: uploads-ask
    ask: { connector: "http:*", effect: [write, unknown], host: "*.example.org" }
    reason: Uploads are seen by everybody in the group.
    ttl: 10m # how long the question stays open; asks only
\`\`\`
`;

/** The documentation page of these packs, in Markdown, packs in the given order. */
export function packsPage(packs: readonly LoadedPack[]): string {
  const keys = matchKeys.map(({ name, meaning, comparison }) => [
    `\`${name}\``,
    meaning,
    comparisons[comparison],
  ]);
  const overview = packs.map((pack) => [
    `[${pack.name}](#${pack.name})`,
    extended(pack),
    pack.default,
  ]);
  const blocks = [
    introduction,
    table(["key", "meaning", "compared"], keys),
    example,
    "## The packs that come with AGENT-33",
    table(["pack", "extends", "where no rule matches"], overview),
    ...packs.flatMap(packBlocks),
  ];
  return `${blocks.map((block) => block.trim()).join("\n\n")}\n`;
}

function extended(pack: LoadedPack): string {
  return pack.extends.map(({ name }) => `[${name}](#${name})`).join(", ");
}

function packBlocks(pack: LoadedPack): readonly string[] {
  const inherited =
    pack.extends.length === 0 ? [] : [`All rules of ${extended(pack)} count, and these:`];
  const tables = headings.flatMap(([effect, heading]) => {
    const rules = pack.rules.filter((rule) => rule.effect === effect);
    if (rules.length === 0) return [];
    const rows = rules.map((rule) => [
      `\`${rule.id}\`${modeText(rule)}`,
      ruleWords(rule),
      rule.reason,
    ]);
    return [`### ${pack.name}: ${heading}`, table(["rule", "when", "why"], rows)];
  });
  const fallback = `Where no rule matches: **${pack.default}**.`;
  return [
    `## ${pack.name}`,
    `${pack.description}${modeText(pack)}`,
    ...inherited,
    ...tables,
    fallback,
  ];
}

function modeText({ mode = "enforce" }: Pick<LoadedRule, "mode">): string {
  return mode === "enforce" ? "" : ` (${mode})`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ").trim()).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
