import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Redactor } from "../../base/redact.ts";
import { toAgent33Error } from "../../base/errors.ts";
import type { Config } from "../../config/config.ts";
import { secretsFile } from "../../store/backup/contents.ts";
import type { Host } from "../host.ts";
import { secretRedactor } from "../redactor.ts";
import { secretsInFiles } from "./from-files.ts";
import { liveEnvironment } from "./live-environment.ts";
import { masterKeyOf, masterKeyVariable } from "./master-key.ts";
import { createSecretStore, type OpenSecret, type SecretStore } from "./secret-store.ts";

/** The secrets in files and the stored ones, and a machine on which settings find them. */
export interface StoredSecrets {
  /**
   * The same, with both where the environment has nothing under their names; files go first. The
   * stored ones are as they are when they are asked for: changed and removed ones, too.
   */
  readonly host: Host;
  /** Has all of them kept out of what is written, those that the environment hides and later ones too. */
  conceal(redactor: Redactor): void;
}

type Open = ReadonlyMap<string, OpenSecret>;

/**
 * Opens the stored secrets and files. What is stored later holds from the next time that it is asked
 * for; files are read once. Without a master key stored secrets are as good as absent, and a person is
 * told; a wrong one is an error, now. Later, what cannot be opened any more is as good as removed where
 * it was changed, and a person is told.
 * @throws Agent33Error `secrets.*`
 */
export function withStoredSecrets(config: Config, host: Host): StoredSecrets {
  const inFiles = secretsInFiles(host);
  const store = createSecretStore(config, host);
  const path = join(resolve(host.cwd, config.settings.data), secretsFile);
  const concealing: Redactor[] = [];
  let mark = markOf(path);
  let stored = opened(store, host);
  const values = (): Open => {
    const now = markOf(path);
    if (now === mark) return stored;
    mark = now;
    stored = openedAnew(stored, store, host);
    for (const redactor of concealing) registerAll(stored, redactor);
    return stored;
  };
  return {
    host: {
      ...host,
      env: liveEnvironment(host.env, {
        valueOf: (name) => inFiles.get(name) ?? values().get(name)?.value,
        names: () => [...inFiles.keys(), ...values().keys()],
      }),
    },
    conceal: (redactor) => {
      concealing.push(redactor);
      registerAll(stored, redactor);
      for (const [name, value] of inFiles) redactor.register(name, value);
      // A key that nothing needs is not looked for: a file that cannot be read is no fault then.
      if (stored.size === 0 && inFiles.size === 0) return;
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

function registerAll(secrets: Open, redactor: Redactor): void {
  for (const [name, { value }] of secrets) redactor.register(name, value);
}

/** Another one after each change: the file is put in its place whole. */
function markOf(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? "" : `${found.ino}:${found.size}:${found.mtimeNs}`;
}

function opened(store: SecretStore, host: Host): Open {
  try {
    return store.open();
  } catch (thrown) {
    const error = toAgent33Error(thrown);
    if (error.code !== "secrets.no_key") throw error;
    host.warn(`secrets: ${error.message} ${error.hint ?? ""} They are not used.`);
    return new Map();
  }
}

/** What the file has now; where it cannot be opened, those of before that it still has unchanged. */
function openedAnew(before: Open, store: SecretStore, host: Host): Open {
  try {
    return store.open();
  } catch (thrown) {
    const error = toAgent33Error(thrown);
    const kept = unchanged(before, store);
    host.warn(
      `secrets: ${error.message} ${error.hint ?? ""} ${kept.size} that were open before are used on.`,
    );
    return kept;
  }
}

function unchanged(before: Open, store: SecretStore): Open {
  try {
    const there = new Map(store.list().map(({ name, version }) => [name, version]));
    return new Map([...before].filter(([name, { version }]) => there.get(name) === version));
  } catch {
    // A file that is none at all says nothing of any of them, that one was removed neither.
    return before;
  }
}
