import type { Redactor } from "../../base/redact.ts";
import { toAgent33Error } from "../../base/errors.ts";
import type { Config } from "../../config/config.ts";
import type { Host } from "../host.ts";
import { secretRedactor } from "../redactor.ts";
import { secretsInFiles } from "./from-files.ts";
import { masterKeyOf, masterKeyVariable } from "./master-key.ts";
import { createSecretStore } from "./secret-store.ts";

/** The secrets in files and the stored ones, and a machine on which settings find them. */
export interface StoredSecrets {
  /** The same, with both where the environment has nothing under their names; files go first. */
  readonly host: Host;
  /** Has all of them kept out of what is written, those that the environment hides too. */
  conceal(redactor: Redactor): void;
}

/**
 * Opens the stored secrets and files, once for a process: what is set later holds from the next start.
 * Without a master key they are as good as absent, and a person is told; a wrong one is an error.
 * @throws Agent33Error `secrets.*`
 */
export function withStoredSecrets(config: Config, host: Host): StoredSecrets {
  const inFiles = secretsInFiles(host);
  const secrets = new Map([...opened(config, host), ...inFiles]);
  if (secrets.size === 0) return { host, conceal: () => undefined };
  const set = Object.entries(host.env).filter(([, value]) => (value ?? "").trim() !== "");
  return {
    host: { ...host, env: { ...Object.fromEntries(secrets), ...Object.fromEntries(set) } },
    conceal: (redactor) => {
      for (const [name, value] of secrets) redactor.register(name, value);
      const key = masterKeyOf(config.settings, host)?.key;
      if (key !== undefined) redactor.register(masterKeyVariable, key.toString("base64"));
    },
  };
}

/** A redactor that knows the secrets of settings, environment and store. @throws Agent33Error `secrets.*` */
export function redactorFor(config: Config, machine: Host): Redactor {
  const stored = withStoredSecrets(config, machine);
  const redactor = secretRedactor(config.settings, stored.host.env);
  stored.conceal(redactor);
  return redactor;
}

function opened(config: Config, host: Host): ReadonlyMap<string, string> {
  try {
    return createSecretStore(config, host).open();
  } catch (thrown) {
    const error = toAgent33Error(thrown);
    if (error.code !== "secrets.no_key") throw error;
    host.warn(`secrets: ${error.message} ${error.hint ?? ""} They are not used.`);
    return new Map();
  }
}
