import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { makeFolder, putFile } from "../../base/disk.ts";
import { Agent33Error } from "../../base/errors.ts";
import { attempt } from "../../base/result.ts";
import type { Config } from "../../config/config.ts";
import { childEnvironment } from "../../sandbox/child-environment.ts";
import { secretsFile } from "../../store/backup/contents.ts";
import { takeLock } from "../../store/sqlite/use-lock.ts";
import type { Host } from "../host.ts";
import { type MasterKey, masterKeyIn, masterKeyOf } from "./master-key.ts";
import { rewrap, seal, sealedSchema, unseal } from "./seal.ts";

const entrySchema = z.strictObject({
  name: z.string(),
  /** How often it got a value. */
  version: z.int().positive(),
  createdAt: z.int(),
  changedAt: z.int(),
  sealed: sealedSchema,
});
const fileSchema = z.strictObject({
  format: z.literal("agent33-secrets/1"),
  /** Whose installation it was made for: envelopes open for no other. */
  tenant: z.string(),
  secrets: z.array(entrySchema),
});
type Entry = z.infer<typeof entrySchema>;
type SecretFile = z.infer<typeof fileSchema>;

/** A stored secret as it is shown: never its value. Times are milliseconds since the Unix epoch. */
export interface ShownSecret {
  readonly name: string;
  readonly version: number;
  readonly keyId: string;
  readonly createdAt: number;
  readonly changedAt: number;
}

/** A stored secret and how often it got a value. */
export interface OpenSecret {
  readonly value: string;
  readonly version: number;
}

/** Secrets of the installation, sealed in a file of the data folder. */
export interface SecretStore {
  list(): readonly ShownSecret[];
  /** Keeps a new one. @throws Agent33Error `secrets.exists`, `secrets.bad_name`, `secrets.bad_value`, `secrets.no_key` */
  add(name: string, value: string): ShownSecret;
  /** Gives one another value. @throws Agent33Error `secrets.unknown`, and as `add` */
  rotate(name: string, value: string): ShownSecret;
  /** @throws Agent33Error `secrets.unknown` */
  remove(name: string): ShownSecret;
  /**
   * Seals all of them under another master key, all or none.
   * @param keyFile where the new one is, relative to the current folder
   * @throws Agent33Error `secrets.wrong_key`, `secrets.no_key`, `secrets.bad_key`
   */
  rekey(keyFile: string): { readonly keyId: string; readonly secrets: number };
  /** All values by name. @throws Agent33Error `secrets.wrong_key`, `secrets.no_key` */
  open(): ReadonlyMap<string, OpenSecret>;
}

/** As variables are named, because settings refer to both in the same way. */
const nameForm = /^[A-Z][A-Z0-9_]{0,127}$/;
const mostBytes = 64 * 1024;
/** Milliseconds to wait for another process that writes. */
const lockMs = 10_000;

/** @throws Agent33Error `secrets.malformed` where the file is there and not to be read */
export function createSecretStore({ settings }: Config, host: Host): SecretStore {
  const dataDir = resolve(host.cwd, settings.data);
  const path = join(dataDir, secretsFile);
  const { clock, random } = host;
  const read = (): SecretFile => readSecrets(path, settings.tenant);
  const master = (): MasterKey => masterKeyOf(settings, host) ?? noKey(path);

  /** Reads, changes and writes under a lock: of two who change it at once, neither loses. */
  const change = <T>(how: (file: SecretFile) => readonly [readonly Entry[], T]): T => {
    makeFolder(dataDir);
    const lock = takeLock(`${path}.lock`, "alone", lockMs);
    if (lock === undefined) throw busy(path);
    try {
      const file = read();
      const [secrets, result] = how(file);
      const text = `${JSON.stringify({ ...file, secrets }, undefined, 2)}\n`;
      putFile(path, text, host.ids());
      return result;
    } finally {
      lock.release();
    }
  };
  const sealed = (tenant: string, name: string, value: string, now?: Entry): Entry => {
    checkValue(name, value);
    const at = clock.now();
    return {
      name,
      version: (now?.version ?? 0) + 1,
      createdAt: now?.createdAt ?? at,
      changedAt: at,
      sealed: seal(value, { tenant, name }, master(), random),
    };
  };

  return {
    list: () => read().secrets.map(shown),
    add: (name, value) => {
      checkName(name);
      return change(({ tenant, secrets }) => {
        if (secrets.some((one) => one.name === name)) throw exists(name);
        const made = sealed(tenant, name, value);
        return [[...secrets, made].sort(byName), shown(made)];
      });
    },
    rotate: (name, value) =>
      change(({ tenant, secrets }) => {
        const made = sealed(tenant, name, value, found(secrets, name));
        return [secrets.map((one) => (one.name === name ? made : one)), shown(made)];
      }),
    remove: (name) =>
      change(({ secrets }) => {
        const gone = found(secrets, name);
        return [secrets.filter((one) => one !== gone), shown(gone)];
      }),
    rekey: (keyFile) => {
      const next = masterKeyIn(resolve(host.cwd, keyFile), dataDir);
      const now = master();
      return change(({ tenant, secrets }) => {
        const moved = secrets.map((one) => {
          const changed = rewrap(one.sealed, { tenant, name: one.name }, [now, next], random);
          return { ...one, sealed: changed ?? wrongKey(one, now, path) };
        });
        return [moved, { keyId: next.id, secrets: moved.length }];
      });
    },
    open: () => {
      const { tenant, secrets } = read();
      if (secrets.length === 0) return new Map();
      const key = master();
      return new Map(
        secrets.map((one) => [
          one.name,
          {
            value: unseal(one.sealed, { tenant, name: one.name }, key) ?? wrongKey(one, key, path),
            version: one.version,
          },
        ]),
      );
    },
  };
}

function readSecrets(path: string, tenant: string): SecretFile {
  if (!existsSync(path)) return { format: "agent33-secrets/1", tenant, secrets: [] };
  const parsed = attempt(() => fileSchema.parse(JSON.parse(readFileSync(path, "utf8"))));
  if (parsed.ok) return parsed.value;
  throw new Agent33Error("secrets.malformed", `${path} is no file of secrets.`, {
    hint: "Bring it back from a backup, or move it away and set the secrets anew.",
  });
}

function byName(one: Entry, other: Entry): number {
  return one.name < other.name ? -1 : 1;
}

function shown({ name, version, createdAt, changedAt, sealed }: Entry): ShownSecret {
  return { name, version, keyId: sealed.keyId, createdAt, changedAt };
}

function found(secrets: readonly Entry[], name: string): Entry {
  const one = secrets.find((entry) => entry.name === name);
  if (one !== undefined) return one;
  throw new Agent33Error("secrets.unknown", `There is no stored secret ${JSON.stringify(name)}.`, {
    hint: "List them with `agent33 secrets list`.",
  });
}

/** @throws Agent33Error `secrets.bad_name` */
function checkName(name: string): void {
  const inherited = name in childEnvironment({ [name]: "x" }) || name.startsWith("AGENT33_");
  if (nameForm.test(name) && !inherited) return;
  throw new Agent33Error(
    "secrets.bad_name",
    inherited
      ? `${name} has a meaning of its own in an environment and cannot name a secret.`
      : `${JSON.stringify(name.slice(0, 200))} cannot name a secret.`,
    { hint: "Use capitals, digits and _, a letter first: NOTES_TOKEN." },
  );
}

/** @throws Agent33Error `secrets.bad_value`, never with what was given */
function checkValue(name: string, value: string): void {
  const why =
    value === ""
      ? "is empty"
      : Buffer.byteLength(value) > mostBytes
        ? `has more than ${mostBytes} bytes`
        : value.includes("\0") || !value.isWellFormed()
          ? "has NUL or half a character in it"
          : undefined;
  if (why === undefined) return;
  throw new Agent33Error("secrets.bad_value", `The value of ${name} ${why}.`, {
    hint: "Give it on standard input, as its service shows it.",
  });
}

function exists(name: string): Agent33Error {
  return new Agent33Error("secrets.exists", `There is a secret ${name} already.`, {
    hint: "Give it another value with `agent33 secrets rotate`.",
  });
}

function busy(path: string): Agent33Error {
  return new Agent33Error("secrets.busy", `Another process changes ${path}.`, {
    hint: "Try again.",
    retryable: true,
  });
}

function noKey(path: string): never {
  throw new Agent33Error("secrets.no_key", `There is no master key for ${path}.`, {
    hint: "Set AGENT33_MASTER_KEY, or secrets.keyFile to a file with it: 32 random bytes in base64.",
  });
}

function wrongKey({ name, sealed }: Entry, { id }: MasterKey, path: string): never {
  const why =
    sealed.keyId === id
      ? "what is kept of it was changed"
      : `it is sealed under the master key ${sealed.keyId}, and this one is ${id}`;
  throw new Agent33Error(
    "secrets.wrong_key",
    `The stored secret ${name} cannot be opened: ${why}.`,
    { hint: `Give the key that ${path} was written with, or a backup of the file.` },
  );
}
