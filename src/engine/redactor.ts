import { createRedactor, type Redactor } from "../base/redact.ts";
import type { Settings } from "../config/schema.ts";
import { referencesIn, referredBy } from "../config/references.ts";
import { passwordsIn, providerKeys, secretName } from "../config/secrets.ts";
import type { Host } from "./host.ts";

/** A value under a secret's name that says where something is, not what it is. */
const place = /^(?:[/~.]|[A-Za-z]:[\\/]|[a-z][a-z0-9+.-]*:\/\/)/;

/**
 * A redactor that knows the secrets of the settings and of this machine's environment: those that the
 * settings refer to, and whatever else stands there under the name of a secret.
 */
export function secretRedactor(settings: Settings, env: Host["env"]): Redactor {
  const redactor = environmentSecrets(env);
  for (const { variable, value } of providerKeys(env)) {
    if (value !== undefined) redactor.register(variable, value);
  }
  for (const server of Object.values(settings.mcpServers)) {
    for (const [variable, value] of referredBy(server, env)) redactor.register(variable, value);
    for (const [name, value] of Object.entries(server.type === "stdio" ? server.env : {})) {
      const isOwn = referencesIn(value).length === 0;
      if (isOwn && secretName.test(name)) redactor.register(name, value);
    }
  }
  const { webhook } = settings.approvals;
  if (webhook !== undefined) {
    redactor.register(webhook.secretVariable, env[webhook.secretVariable] ?? "");
  }
  for (const variable of Object.values(settings.telemetry.otlp?.secretHeaders ?? {})) {
    redactor.register(variable, env[variable] ?? "");
  }
  for (const one of passwordsIn(settings.learning.store ?? "")) {
    redactor.register("learning.store", one);
  }
  return redactor;
}

/** A redactor that knows what stands in the environment under the name of a secret. */
export function environmentSecrets(env: Host["env"]): Redactor {
  const redactor = createRedactor();
  for (const [name, value = ""] of Object.entries(env)) {
    if (secretName.test(name) && !place.test(value)) redactor.register(name, value.trim());
    for (const password of passwordsIn(value)) redactor.register(name, password);
  }
  return redactor;
}
