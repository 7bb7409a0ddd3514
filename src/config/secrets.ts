import { hostedProviders } from "../models/providers.ts";

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
