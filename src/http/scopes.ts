/** What a key or a token may allow. A route names one of these; there is none without. */
export const scopes = {
  "runs:read": "look at runs and follow them",
  "runs:write": "start, steer, cancel, resume and replay runs",
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
