/** What a key or a token may allow. A route names one of these; there is none without. */
export const scopes = {
  "agents:read": "look at definitions of agents, and have one checked",
  "agents:invoke": "ask agents for answers",
  "alerts:read": "look at alerts, their rules, silences and history",
  "alerts:write": "have alerts looked at, take them on, silence them",
  "approvals:read": "look at questions to people",
  "approvals:decide": "answer questions to people",
  "keys:read": "look at the API keys of the own tenant",
  "keys:write":
    "make, rotate and revoke API keys of the own tenant, with no more rights than one's own",
  "runs:read": "look at runs and follow them",
  "runs:write": "start, steer, cancel, resume and replay runs",
  "evaluations:read": "look at tasks, jobs, trials and reports, and have others' reports read",
  "evaluations:write": "start, cancel and resume jobs of trials",
  "gates:read": "look at what gates said, at baselines and at regressions",
  "gates:write": "keep baselines, and take regressions on and say how it stands with them",
  "releases:read": "look at snapshots and review packets, and have these checked",
  "metrics:read": "read the figures that Prometheus takes",
  "policy:read": "ask, read, compare, check and test policies",
  "policy:write":
    "have changed policies read at once, and past calls decided about again by others",
  "audit:read": "look at the record of calls, and check it",
  "audit:export": "take the whole record of calls away",
  "connectors:read": "see what calls go out through, its breakers, servers and models",
  "connectors:write": "have these checked, force breakers, pin what servers offer",
  "skills:read": "see skills, and have some looked at",
  "skills:match": "match skills with a task, which may ask a model",
  "skills:write": "add, pin and remove skills",
  "secrets:read": "see which secrets are stored, not their values",
  "secrets:write": "keep, rotate and remove stored secrets",
  "learning:read": "look at signals, intakes, lessons, checklists, metrics and refreshes",
  "learning:write": "record what was seen and learned, and decide on it",
  "routing:read": "look at how runs were routed, and ask how one would be",
  "budgets:read": "look at budgets and what is used of them",
  "spend:read": "see what calls cost",
  "store:read": "see how the store stands, its backups and what was set aside",
  "store:write": "have the store checked, backed up and recounted",
  "store:export": "take the whole store of all tenants away",
  "settings:read": "see the installation's settings and what works on its machine",
} as const;

/** The name of one right. */
export type Scope = keyof typeof scopes;

/** What holds every right there is. */
export const adminScope = "admin";

/** What a key can be given. */
export type GrantedScope = Scope | typeof adminScope;

/** Every name that can stand in a key or a token, in the order of the reference. */
export const grantable = [adminScope, ...Object.keys(scopes)] as readonly GrantedScope[];

/** Whether a name is one of {@link grantable}. */
export function isGrantable(name: string): name is GrantedScope {
  return (grantable as readonly string[]).includes(name);
}

/** Whether what was granted covers a right. */
export function covers(granted: ReadonlySet<GrantedScope>, scope: Scope): boolean {
  return granted.has(adminScope) || granted.has(scope);
}
