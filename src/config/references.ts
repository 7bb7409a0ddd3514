import { Agent33Error } from "../base/errors.ts";

const reference = /\$\{(?<name>[A-Za-z_][A-Za-z0-9_]*)\}/g;

/** The variables that a text names as `${VARIABLE}`, in order. */
export function referencesIn(text: string): readonly string[] {
  return [...text.matchAll(reference)].flatMap(({ groups }) => groups?.["name"] ?? []);
}

/** Whether each `${` of a text begins a reference. */
export function hasOnlyReferences(text: string): boolean {
  return !text.replace(reference, "").includes("${");
}

/** The servers' parts that may name variables of the environment. */
type Referring =
  | { readonly type: "stdio"; readonly env: Readonly<Record<string, string>> }
  | {
      readonly type: "http";
      readonly headers: Readonly<Record<string, string>>;
      readonly oauth?: { readonly clientSecret?: string };
    };

/** The names of variables and the values that they stand for, of all that a server refers to. */
export function referredBy(
  server: Referring,
  env: Readonly<Record<string, string | undefined>>,
): readonly (readonly [variable: string, value: string])[] {
  const texts =
    server.type === "stdio"
      ? Object.values(server.env)
      : [...Object.values(server.headers), server.oauth?.clientSecret ?? ""];
  return texts.flatMap(referencesIn).flatMap((name) => {
    const value = env[name];
    return value === undefined || value === "" ? [] : [[name, value] as const];
  });
}

/**
 * Texts with the values of the variables that they name.
 * @param server whose they are, for the message
 * @throws Agent33Error `config.missing_variable`
 */
export function resolveReferences(
  texts: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string | undefined>>,
  server: string,
): Readonly<Record<string, string>> {
  const resolved = Object.entries(texts).map(([key, text]) => [
    key,
    text.replace(reference, (_whole, name: string) => {
      const value = env[name];
      if (value !== undefined && value !== "") return value;
      throw new Agent33Error(
        "config.missing_variable",
        `MCP server "${server}" needs the variable ${name} for ${key}, and it is not set.`,
        { hint: `Set ${name} in the environment that AGENT-33 is started in.` },
      );
    }),
  ]);
  return Object.fromEntries(resolved);
}
