import { createRedactor, type Redactor } from "../base/redact.ts";
import type { Settings } from "../config/schema.ts";
import { referencesIn, referredBy } from "../config/references.ts";
import { passwordsIn, providerKeys, secretName } from "../config/secrets.ts";
import type { Host } from "./host.ts";

/** A redactor that knows the secrets of the settings and of this machine's environment. */
export function secretRedactor(settings: Settings, env: Host["env"]): Redactor {
  const redactor = createRedactor();
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
  const password = env["PGPASSWORD"] ?? "";
  if (password !== "") redactor.register("PGPASSWORD", password);
  for (const one of passwordsIn(settings.learning.store ?? "")) {
    redactor.register("learning.store", one);
  }
  return redactor;
}
