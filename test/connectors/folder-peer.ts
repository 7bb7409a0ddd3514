import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../support/temporary.ts";
import type { Peer, PeerBehaviour } from "./peer.ts";

const pipeMaker = "mkfifo";

export interface FolderPeer extends Peer {
  /** The workspace. Its file `log.txt` is what a call is about. */
  readonly root: string;
  textOf(): string;
  /** What is outside, and must stay as it is. */
  outside(): string;
}

/** A folder in whose one file anything may stand in the way. */
export async function folderPeer(): Promise<FolderPeer> {
  const base = temporaryFolder("folder");
  const root = join(base, "work");
  const outside = join(base, "outside.txt");
  const file = join(root, "log.txt");
  mkdirSync(root);
  writeFileSync(outside, "untouched");
  const inTheWay: Readonly<Record<PeerBehaviour, () => void>> = {
    well: () => {},
    failing: () => mkdirSync(file),
    busy: () => {},
    refusing: () => symlinkSync(outside, file),
    // Whoever opens a pipe waits for its other end.
    silent: () => void execFileSync(pipeMaker, [file]),
    cut: () => {},
    malformed: () => writeFileSync(file, Uint8Array.of(0xff, 0xfe, 0x00)),
    huge: () => {
      writeFileSync(file, "");
      truncateSync(file, 1024 * 1024 * 1024);
    },
  };
  return {
    root,
    textOf: () => readFileSync(file, "latin1"),
    outside: () => readFileSync(outside, "utf8"),
    get seen() {
      return existsSync(file) ? 1 : 0;
    },
    held: 0,
    silences: 0,
    sentBytes: undefined,
    behave: (behaviour) => inTheWay[behaviour](),
    close: async () => rmSync(base, { recursive: true, force: true }),
  };
}
