import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { digestOf, sha256OfFile } from "../base/digest.ts";
import { makeFolder, putFile } from "../base/disk.ts";
import { Agent33Error, messageOf } from "../base/errors.ts";
import type { Host } from "../engine/host.ts";
import { commitOf, type Git } from "./git.ts";
import {
  countsSchema,
  countsText,
  recordedGroupSchema,
  runGroup,
} from "../evaluation/groups/run-group.ts";
import { seal, type SealKeys, type Sealed, sealedSchema } from "../base/seal.ts";
import type { GroupSettings } from "../evaluation/groups/group-form.ts";

export { countsSchema };

const hash = z.string().regex(/^[0-9a-f]{40,64}$/);
const snapshotSchema = z.strictObject({
  format: z.literal("agent33-snapshot/1"),
  commit: hash,
  tree: hash,
  /** Files that were not as in the commit when the commands were started. */
  dirty: z.array(z.string()),
  /** Milliseconds since the Unix epoch. */
  takenAt: z.int(),
  environment: z.strictObject({
    platform: z.string(),
    architecture: z.string(),
    node: z.string(),
    /** SHA-256 of each lock file at the top of the repository. */
    locks: z.record(z.string(), z.string()),
    /** SHA-256 of all of this. */
    digest: z.string(),
  }),
  groups: z.array(recordedGroupSchema),
});
/** What the declared commands came to at one commit. */
export type Snapshot = Readonly<z.output<typeof snapshotSchema>>;
/** The form of `snapshot.json`. */
export const sealedSnapshot = sealedSchema(snapshotSchema);

const lockFiles = [
  "package-lock.json",
  "pnpm-lock.yaml",
  "yarn.lock",
  "uv.lock",
  "Cargo.lock",
  "go.sum",
];
const notes = "agent33/snapshots";

/** Where evidence is kept unless somebody says otherwise: in git's own folder, which no commit holds. */
export async function evidenceFolder(git: Git): Promise<string> {
  const common = await git.run("rev-parse", "--git-common-dir");
  return join(resolve(git.folder, common.trim()), "agent33");
}

export interface SnapshotRequest {
  readonly groups: readonly (readonly [string, GroupSettings])[];
  readonly keys: SealKeys;
  /** Folder that gets it, with the CTRF reports beside it. */
  readonly into: string;
  /** Whether it becomes a git note of the commit, too (`refs/notes/agent33/snapshots`). */
  readonly note: boolean;
  readonly onGroup?: (name: string) => void;
}

/**
 * Runs groups of commands in the repository's folder and records what they came to.
 * @throws Agent33Error `release.head_moved`, `release.git_failed`
 */
export async function takeSnapshot(
  git: Git,
  host: Host,
  request: SnapshotRequest,
): Promise<{ readonly sealed: Sealed<Snapshot>; readonly file: string }> {
  const commit = await commitOf(git, "HEAD");
  const tree = (await git.run("rev-parse", "HEAD^{tree}")).trim();
  const dirty = changedIn(await git.run("status", "--porcelain=v1", "-z", "--no-renames"));
  const takenAt = host.clock.now();
  const folder = join(request.into, `${commit.slice(0, 12)}-${host.ids()}`);
  makeFolder(folder);
  const groups = [];
  for (const [name, group] of request.groups) {
    request.onGroup?.(name);
    const { recorded, ctrf } = await runGroup(git.commands, git.folder, name, group);
    groups.push(recorded);
    if (ctrf !== undefined) {
      putFile(join(folder, `${name}.ctrf.json`), `${JSON.stringify(ctrf)}\n`, String(host.pid));
    }
  }
  if ((await commitOf(git, "HEAD")) !== commit) {
    throw new Agent33Error("release.head_moved", "Another commit was checked out meanwhile.", {
      hint: "Take the snapshot again, and let nothing else work in the folder.",
    });
  }
  const sealed = seal(
    {
      format: "agent33-snapshot/1" as const,
      commit,
      tree,
      dirty,
      takenAt,
      environment: environmentOf(host, git.folder),
      groups,
    },
    request.keys,
  );
  const file = join(folder, "snapshot.json");
  putFile(file, `${JSON.stringify(sealed, null, 2)}\n`, String(host.pid));
  if (request.note) await git.run("notes", `--ref=${notes}`, "add", "-f", "-F", file, commit);
  return { sealed, file };
}

function changedIn(status: string): string[] {
  return status
    .split("\0")
    .filter((entry) => entry !== "")
    .map((entry) => entry.slice(3));
}

function environmentOf({ nodeVersion }: Host, folder: string): Snapshot["environment"] {
  const locks = Object.fromEntries(
    lockFiles
      .filter((file) => existsSync(join(folder, file)))
      .map((file) => [file, sha256OfFile(join(folder, file)).sha256]),
  );
  const known = {
    platform: process.platform,
    architecture: process.arch,
    node: nodeVersion,
    locks,
  };
  return { ...known, digest: digestOf(known) };
}

/**
 * Reads a snapshot.
 * @throws Agent33Error `release.bad_snapshot`
 */
export function readSnapshot(file: string): Sealed<Snapshot> {
  try {
    return sealedSnapshot.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw new Agent33Error(
      "release.bad_snapshot",
      `The snapshot ${file} cannot be read: ${messageOf(cause)}`,
      { hint: "Take it again: agent33 release snapshot.", cause },
    );
  }
}

/** The snapshots of a commit below a folder, the latest first. @throws Agent33Error `release.bad_snapshot` */
export function snapshotsOf(folder: string, commit: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.startsWith(`${commit.slice(0, 12)}-`))
    .map((name) => join(folder, name, "snapshot.json"))
    .filter((file) => existsSync(file))
    .toSorted()
    .toReversed();
}

/** What each group came to, a line each. */
export function snapshotLines({ groups }: Snapshot): readonly string[] {
  return groups.map(({ name, counts, problems }) =>
    [`${problems.length === 0 ? "pass" : "FAIL"} ${name}: ${countsText(counts)}`, ...problems].join(
      "; ",
    ),
  );
}
