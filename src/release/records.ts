import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Agent33Error } from "../base/errors.ts";
import { attempt } from "../base/result.ts";
import { type Sealed, sealProblems } from "../base/seal.ts";
import { gitHead } from "../engine/git-head.ts";
import { type Packet, readPacket } from "./packet.ts";
import { trustedKey } from "./seal.ts";
import { readReleaseSettings, releaseFile, type ReleaseSettings } from "./settings.ts";
import { readSnapshot, type Snapshot } from "./snapshot.ts";
import { evidenceProblems } from "./verify.ts";

/** Evidence with the name of its folder. */
export interface Kept<T> {
  readonly id: string;
  readonly sealed: Sealed<T>;
}

/** What can be read of a folder, the latest first, and what is wrong with the rest. */
export interface KeptList<T> {
  readonly items: readonly Kept<T>[];
  readonly damaged: readonly string[];
}

/** Whether evidence holds, by what is there already: no command is run, and git is not asked. */
export interface Standing {
  readonly ok: boolean;
  readonly problems: readonly string[];
  /** Whether it was held against a key. */
  readonly signature: "held" | "no_key";
  /** The commit that is checked out here; null where there is none. */
  readonly head: string | null;
  /** What `agent33 release packet verify` does besides. */
  readonly notChecked: readonly string[];
}

/** The snapshots and packets of one folder. */
export interface ReleaseRecords {
  snapshots(): KeptList<Snapshot>;
  /** @throws Agent33Error `release.unknown_snapshot`, `release.bad_snapshot` */
  snapshot(id: string): Sealed<Snapshot>;
  packets(): KeptList<Packet>;
  /** @throws Agent33Error `release.unknown_packet`, `release.bad_packet` */
  packet(id: string): Sealed<Packet>;
  /** @throws Agent33Error `release.unknown_packet`, `release.bad_*` */
  checkPacket(id: string): Standing;
  /** @throws Agent33Error `release.unknown_snapshot`, `release.bad_*` */
  checkSnapshot(id: string): Standing;
}

/** Names that `release snapshot` and `release packet create` give; no other leads anywhere. */
export const snapshotName = /^[0-9a-f]{12}-[0-9a-f][0-9a-f-]{7,63}$/;
export const packetName = /^[0-9a-f]{12}$/;

/**
 * @param folder where both are kept; it need not be there
 * @param repository folder with the settings of releases, which name the key
 */
export function releaseRecords(folder: string, repository: string): ReleaseRecords {
  const snapshots = (): KeptList<Snapshot> =>
    listed(
      join(folder, "snapshots"),
      snapshotName,
      "snapshot.json",
      readSnapshot,
      ({ takenAt }) => takenAt,
    );
  const packets = (): KeptList<Packet> =>
    listed(join(folder, "packets"), packetName, "packet.json", readPacket, ({ madeAt }) => madeAt);
  const snapshot = (id: string): Sealed<Snapshot> => {
    const file = join(folder, "snapshots", id, "snapshot.json");
    if (snapshotName.test(id) && isFile(file)) return readSnapshot(file);
    throw new Agent33Error("release.unknown_snapshot", `There is no snapshot "${id}".`, {
      hint: "List the snapshots that there are.",
    });
  };
  const packet = (id: string): Sealed<Packet> => {
    const file = join(folder, "packets", id, "packet.json");
    if (packetName.test(id) && isFile(file)) return readPacket(file);
    throw new Agent33Error("release.unknown_packet", `There is no packet "${id}".`, {
      hint: "List the packets that there are: the first twelve digits of their commits.",
    });
  };
  const standing = (
    what: string,
    sealed: Sealed<unknown>,
    settings: ReleaseSettings | undefined,
    more: { readonly problems: readonly string[]; readonly notChecked: readonly string[] },
  ): Standing => {
    const trusted = settings === undefined ? undefined : trustedKey(settings, repository);
    const problems = [...sealProblems(what, sealed, { trusted }), ...more.problems];
    return {
      ok: problems.length === 0,
      problems,
      signature: trusted === undefined ? "no_key" : "held",
      head: gitHead(repository).commit,
      notChecked: more.notChecked,
    };
  };
  const settingsHere = (): ReleaseSettings | undefined =>
    existsSync(join(repository, releaseFile)) ? readReleaseSettings(repository) : undefined;
  return {
    snapshots,
    snapshot,
    packets,
    packet,
    checkPacket: (id) => {
      const sealed = packet(id);
      const settings = settingsHere();
      const kept = snapshots().items.map((one) => one.sealed);
      const wanted = settings ?? { packet: {}, groups: {} };
      return standing("the packet", sealed, settings, {
        problems: [
          ...staleness(sealed.body, gitHead(repository).commit),
          ...sealed.body.problems,
          ...evidenceProblems(sealed.body, wanted, kept),
        ],
        notChecked: [
          "its scope, changes and risk against git and the rules",
          "its counts, by running the groups again",
        ],
      });
    },
    checkSnapshot: (id) => {
      const sealed = snapshot(id);
      const { dirty, groups } = sealed.body;
      return standing("the snapshot", sealed, settingsHere(), {
        problems: [
          ...(dirty.length === 0 ? [] : [`it was taken with ${dirty.length} changed files`]),
          ...groups.flatMap(({ name, problems }) => problems.map((one) => `${name}: ${one}`)),
        ],
        notChecked: ["its counts, by running the groups again"],
      });
    },
  };
}

/** Where nothing is checked out, no packet is stale. */
function staleness({ head }: Packet, now: string | null): readonly string[] {
  if (now === null || now === head) return [];
  return [
    `the packet is stale: it is of ${head.slice(0, 12)}, and ${now.slice(0, 12)} is checked out`,
  ];
}

function listed<T>(
  folder: string,
  name: RegExp,
  file: string,
  read: (path: string) => Sealed<T>,
  timeOf: (body: T) => number,
): KeptList<T> {
  const damaged: string[] = [];
  const names = existsSync(folder) ? readdirSync(folder).filter((one) => name.test(one)) : [];
  const items = names
    .filter((id) => isFile(join(folder, id, file)))
    .flatMap((id) => {
      const tried = attempt(() => read(join(folder, id, file)));
      if (tried.ok) return [{ id, sealed: tried.value }];
      damaged.push(tried.error.message);
      return [];
    })
    .toSorted((a, b) => timeOf(b.sealed.body) - timeOf(a.sealed.body));
  return { items, damaged };
}

const isFile = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isFile() === true;
