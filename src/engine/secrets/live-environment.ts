import type { Host } from "../host.ts";

/** Where values are that the environment does not have. */
export interface BehindEnvironment {
  valueOf(name: string): string | undefined;
  names(): readonly string[];
}

/**
 * The environment, and behind it values that may change: each is looked for when it is asked for. What
 * the environment has itself goes first, unless it is empty.
 */
export function liveEnvironment(env: Host["env"], behind: BehindEnvironment): Host["env"] {
  const own = (name: string): string | undefined =>
    Object.hasOwn(env, name) ? env[name] : undefined;
  const valueOf = (name: string): string | undefined => {
    const value = own(name);
    return value !== undefined && value.trim() !== "" ? value : (behind.valueOf(name) ?? value);
  };
  const target: Record<string, string | undefined> = {};
  return new Proxy(target, {
    get: (_, name) => (typeof name === "string" ? valueOf(name) : undefined),
    has: (_, name) => typeof name === "string" && valueOf(name) !== undefined,
    ownKeys: () => [...new Set([...Object.keys(env), ...behind.names()])],
    getOwnPropertyDescriptor: (_, name) => {
      const value = typeof name === "string" ? valueOf(name) : undefined;
      return value === undefined
        ? undefined
        : { value, enumerable: true, configurable: true, writable: false };
    },
    set: () => false,
    defineProperty: () => false,
    deleteProperty: () => false,
  });
}
