/**
 * What a call does to the world outside. Policy asks about this word.
 * `unknown` is what nobody declared; rules treat it at least as strictly as `write`.
 */
export const effects = ["read", "write", "destructive", "unknown"] as const;
export type Effect = (typeof effects)[number];

/**
 * Whether a call may run again, in a retry or after a crash.
 * `safe`: as often as one likes. `keyed`: again, with the same idempotency key. `once`: never.
 */
export const repeats = ["safe", "keyed", "once"] as const;
export type Repeat = (typeof repeats)[number];

/** How much a run should think and spend. */
export const efforts = ["low", "medium", "high"] as const;
export type Effort = (typeof efforts)[number];

/**
 * How sure it is that a text from outside gives a model orders: `likely` is hardly ever written for
 * people, `suspected` now and then.
 */
export const injectionLevels = ["suspected", "likely"] as const;
export type InjectionLevel = (typeof injectionLevels)[number];
