import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { digestOf } from "../base/digest.ts";
import { attempt } from "../base/result.ts";
import type { CompiledPolicy } from "../boundary/policy/index.ts";
import { type Config, configFileName } from "../config/config.ts";
import type { PolicySelection } from "../config/schema.ts";
import type { Host } from "./host.ts";
import { type CompiledSelection, compileSelection, type PolicyFor } from "./policy.ts";

/** What came of reading the policies again. */
export interface PolicyReload {
  readonly version: string;
  readonly changed: boolean;
}

/** The policies in force, which follow their files. */
export interface Policies {
  /** What new runs are started under; paths in it are absolute. */
  selection(): PolicySelection;
  /** @throws Agent33Error `policy.*` for a selection that is not the one in force and is bad now */
  policyFor(selection: PolicySelection, whom: PolicyFor): CompiledPolicy;
  /** Files and folders that it is read from. */
  places(): readonly string[];
  /**
   * Reads everything again now, whatever has been seen of it; what is wrong leaves the old one.
   * @returns the version in force, and whether it is another than before
   * @throws Agent33Error `policy.*`, `config.*`
   */
  reload(): PolicyReload;
  /** Looks now whether a file has changed. */
  check(): void;
  /** Looks from time to time; keeps no process alive. */
  follow(): void;
  close(): void;
}

interface PoliciesParts {
  readonly config: Config;
  readonly host: Pick<Host, "cwd" | "warn">;
  /** Told when another policy is in force. */
  readonly onSwap: () => void;
  /** How often files are looked at. Milliseconds. */
  readonly everyMs?: number;
}

interface InForce {
  readonly selection: PolicySelection;
  readonly digest: string;
  readonly compiled: CompiledSelection;
}

/**
 * Compiles the policy of the settings and keeps it in step with its pack files and with the
 * settings' file. A changed policy is compiled wholly before it takes the place of the old one; if
 * anything in it is wrong, the old one stays and the mistake is told with its place. Files are
 * looked at, not listened to: that works on every file system.
 * @throws Agent33Error `policy.*` where the first one is bad
 */
export function createPolicies({ config, host, onSwap, everyMs = 1_000 }: PoliciesParts): Policies {
  const load = (from: Config): InForce => {
    const selection = absolute(from.settings.policy, host.cwd);
    const compiled = compileSelection(selection, host.cwd, from.originOf);
    return { selection, digest: digestOf(selection), compiled };
  };
  const settingsFile = config.file ?? join(host.cwd, configFileName);
  /** What was tried last, which may be worse than what is in force. */
  let tried = absolute(config.settings.policy, host.cwd);
  const look = () => fingerprint([settingsFile, ...inForce.selection.files, ...tried.files]);

  // Looked at before they are read: a change in between is then found at the next look.
  const before = fingerprint([settingsFile, ...tried.files]);
  let inForce = load(config);
  let seen = before;
  let changed: string | undefined;
  let lastProblem: string | undefined;
  let timer: NodeJS.Timeout | undefined;

  const reload = (): PolicyReload => {
    const fresh = config.reload();
    tried = absolute(fresh.settings.policy, host.cwd);
    const next = load(fresh);
    const old = inForce.compiled.version;
    inForce = next;
    lastProblem = undefined;
    const { version } = next.compiled;
    if (version === old) return { version, changed: false };
    onSwap();
    const names = `${old.slice(0, 8)} gave way to ${version.slice(0, 8)}`;
    host.warn(`policy.reloaded: ${names}; runs that are open keep theirs.`);
    return { version, changed: true };
  };

  const check = (): void => {
    const now = look();
    if (now === seen) {
      changed = undefined;
      return;
    }
    // A file that is being written can be a whole pack with half of its rules: wait until it rests.
    if (now !== changed) {
      changed = now;
      return;
    }
    seen = now;
    changed = undefined;
    const done = attempt(reload);
    if (done.ok) return;
    const { code, message, hint = "" } = done.error;
    const problem = `${code}: ${message} ${hint}`.trim();
    // What was tried may have brought other files with it, and is then tried once more.
    if (problem !== lastProblem) host.warn(`policy.kept: the policy stays as it was, ${problem}`);
    lastProblem = problem;
  };

  return {
    selection: () => inForce.selection,
    policyFor: (selection, whom) =>
      (digestOf(selection) === inForce.digest
        ? inForce.compiled
        : compileSelection(selection, host.cwd)
      ).policyFor(whom),
    reload,
    places: () => [settingsFile, ...inForce.selection.files],
    check,
    follow: () => {
      timer ??= setInterval(check, everyMs).unref();
    },
    close: () => clearInterval(timer),
  };
}

/** A policy in words: its packs and the beginning of its version. */
export function nameOf({ packs, version }: CompiledPolicy): string {
  return `${packs.join("+")}@${version.slice(0, 8)}`;
}

function absolute(selection: PolicySelection, cwd: string): PolicySelection {
  return { ...selection, files: selection.files.map((path) => resolve(cwd, path)) };
}

/** Tells states of files apart, those of a folder included; what is not there is a state too. */
function fingerprint(paths: readonly string[]): string {
  return [...new Set(paths)].flatMap(statesAt).join("\n");
}

function statesAt(path: string): readonly string[] {
  const stat = attempt(() => statSync(path, { bigint: true }));
  if (!stat.ok) return [`${path} -`];
  const { mtimeNs, ctimeNs, size, ino } = stat.value;
  if (!stat.value.isDirectory()) return [`${path} ${mtimeNs} ${ctimeNs} ${size} ${ino}`];
  const inside = attempt(() => readdirSync(path));
  if (!inside.ok) return [`${path} -`];
  return inside.value
    .filter((name) => name.endsWith(".yaml") || name.endsWith(".yml"))
    .sort()
    .flatMap((name) => statesAt(join(path, name)));
}
