import { Agent33Error } from "../base/errors.ts";
import { hostedProviders } from "../models/providers.ts";

/** Names of variables and flags whose values are secrets. */
export const secretName = /key|token|secret|passw|credential/i;

/** Providers' keys, found in the variables that their own tools read. Never in files, never shown. */
const keyVariables: readonly (readonly [provider: string, variable: string])[] = [
  ...Object.entries(hostedProviders).map(
    ([provider, { keyVariable }]) => [provider, keyVariable] as const,
  ),
  ["openai-compatible", "OPENAI_COMPATIBLE_API_KEY"],
];

export interface ProviderKey {
  readonly provider: string;
  readonly variable: string;
  /** Undefined where the variable is not set. */
  readonly value: string | undefined;
}

/** Each provider's variable and the key in it. */
export function providerKeys(
  env: Readonly<Record<string, string | undefined>>,
): readonly ProviderKey[] {
  return keyVariables.map(([provider, variable]) => {
    const value = env[variable]?.trim();
    return { provider, variable, value: value === "" ? undefined : value };
  });
}

/** What may be in a secret: a token goes into headers and addresses, a password was made up. */
const secretForms = { token: /^[\x20-\x7e]+$/, password: /^\P{Cc}+$/u } as const;
export type SecretForm = keyof typeof secretForms;

/**
 * A secret that settings name by its variable.
 * @param owner who needs it, for the message
 * @throws Agent33Error `config.missing_secret`, `config.unusable_secret`; never with what it holds
 */
export function environmentSecret(
  env: Readonly<Record<string, string | undefined>>,
  variable: string,
  owner: string,
  form: SecretForm = "token",
): string {
  const value = env[variable]?.trim();
  if (value !== undefined && value !== "") {
    if (secretForms[form].test(value)) return value;
    throw new Agent33Error(
      "config.unusable_secret",
      `What the environment variable ${variable} holds, which ${owner} needs, is not one line${form === "token" ? " of printable ASCII" : ""}.`,
      { hint: `Set ${variable} to the secret alone, as its service shows it.` },
    );
  }
  throw new Agent33Error(
    "config.missing_secret",
    `The environment variable ${variable}, which ${owner} needs, is not set.`,
    { hint: `Set ${variable}, or take ${owner} out of the settings.` },
  );
}

/** The password in a database's address, as it is written there and as it is meant. */
export function passwordsIn(address: string): readonly string[] {
  if (!URL.canParse(address)) return [];
  const url = new URL(address);
  const written = [url.password, url.searchParams.get("password") ?? ""];
  return [...new Set(written.flatMap((text) => [text, meant(text)]))].filter((text) => text !== "");
}

function meant(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone percent sign stands for itself.
    return text;
  }
}
