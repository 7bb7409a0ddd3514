/** Providers' keys, found in the variables that their own tools read. Never in files, never shown. */
const keyVariables = {
  anthropic: "ANTHROPIC_API_KEY",
  openai: "OPENAI_API_KEY",
  google: "GOOGLE_GENERATIVE_AI_API_KEY",
  "openai-compatible": "OPENAI_COMPATIBLE_API_KEY",
} as const;

export interface ProviderKey {
  readonly provider: string;
  readonly variable: string;
  readonly value: string;
}

/** The keys that are set. */
export function providerKeys(env: Readonly<Record<string, string | undefined>>): readonly ProviderKey[] {
  return Object.entries(keyVariables).flatMap(([provider, variable]) => {
    const value = env[variable]?.trim();
    return value === undefined || value === "" ? [] : [{ provider, variable, value }];
  });
}

/** The variable in which a provider's key is expected. */
export function keyVariableOf(provider: string): string | undefined {
  return Object.entries(keyVariables).find(([name]) => name === provider)?.[1];
}
