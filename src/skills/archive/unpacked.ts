import { archiveErrors } from "./archive-error.ts";

/** A file of an archive. */
export interface UnpackedFile {
  readonly bytes: Uint8Array;
  readonly isExecutable: boolean;
}

/** How much an archive may hold: what no skill needs, and a machine still bears. */
export const archiveLimits = {
  packedBytes: 64 * 1024 * 1024,
  entries: 5_000,
  fileBytes: 32 * 1024 * 1024,
  totalBytes: 64 * 1024 * 1024,
  /** Unpacked to packed, once there is so much of it that it matters. */
  ratio: 200,
  ratioFromBytes: 4 * 1024 * 1024,
} as const;

const longestPath = 1_024;
const deepest = 32;
/** What is in the way of reading a name: controls, and what turns the direction of writing around. */
const unreadable = /[\p{Cc}\u202A-\u202E\u2066-\u2069]/u;

/**
 * Gathers the files of an archive in memory and refuses whatever a careful person would not unpack,
 * so that nothing has touched the disk when something is found.
 */
export class Unpacked {
  readonly files = new Map<string, UnpackedFile>();
  readonly #packedBytes: number;
  #entries = 0;
  #totalBytes = 0;
  /** Every name and folder so far as the least careful file system knows it, and as it is written. */
  readonly #names = new Map<string, { readonly path: string; readonly isFolder: boolean }>();

  constructor(packedBytes: number) {
    this.#packedBytes = packedBytes;
  }

  /** Checks an entry's name and counts it. @returns its path without what means nothing */
  enter(written: string, isFolder: boolean): string {
    this.#entries += 1;
    if (this.#entries > archiveLimits.entries) {
      throw archiveErrors.tooLarge(`more than ${archiveLimits.entries} entries`);
    }
    const path = cleanPath(written);
    if (path === "") {
      if (isFolder) return path;
      throw archiveErrors.unsafePath(shown(written), "is no name of a file");
    }
    const parts = path.split("/");
    parts.forEach((_part, place) => {
      const isLast = place === parts.length - 1;
      this.#name(parts.slice(0, place + 1).join("/"), !isLast || isFolder, isLast);
    });
    return path;
  }

  #name(path: string, isFolder: boolean, isItself: boolean): void {
    const key = path.normalize("NFC").toLowerCase();
    const known = this.#names.get(key);
    if (known === undefined) {
      this.#names.set(key, { path, isFolder });
      return;
    }
    if (known.path !== path || known.isFolder !== isFolder || (isItself && !isFolder)) {
      throw archiveErrors.taken(shown(path), shown(known.path));
    }
  }

  /** How much more an entry may hold. */
  get roomBytes(): number {
    return Math.min(archiveLimits.fileBytes, archiveLimits.totalBytes - this.#totalBytes);
  }

  /** Refuses an entry that says of itself that it is too large, before any of it is unpacked. */
  announce(path: string, bytes: number): void {
    if (bytes <= this.roomBytes) return;
    throw archiveErrors.tooLarge(
      bytes > archiveLimits.fileBytes
        ? `a file of ${bytes} bytes, "${shown(path)}"`
        : `more than ${archiveLimits.totalBytes} bytes`,
    );
  }

  add(path: string, file: UnpackedFile): void {
    this.announce(path, file.bytes.length);
    this.#totalBytes += file.bytes.length;
    checkRatio(this.#totalBytes, this.#packedBytes);
    if (!isLitter(path)) this.files.set(path, file);
  }
}

/** Refuses what unpacks to far more than it is. */
export function checkRatio(unpackedBytes: number, packedBytes: number): void {
  const { ratio, ratioFromBytes } = archiveLimits;
  if (unpackedBytes < ratioFromBytes || unpackedBytes <= ratio * packedBytes) return;
  throw archiveErrors.tooLarge(
    `${packedBytes} bytes that unpack to more than ${ratio} times as much`,
  );
}

function cleanPath(written: string): string {
  const fault = nameFault(written);
  if (fault !== undefined) throw archiveErrors.unsafePath(shown(written), fault);
  return written
    .replace(/^(?:\.\/)+/, "")
    .replace(/\/$/, "")
    .replace(/^\.$/, "");
}

function nameFault(written: string): string | undefined {
  if (unreadable.test(written)) return "has characters that nobody can read in a name";
  if (written.includes("\uFFFD")) return "is no UTF-8";
  if (written.includes("\\")) return "has a backslash";
  if (written.startsWith("/") || /^[A-Za-z]:/.test(written)) return "is an absolute path";
  const parts = written
    .replace(/^(?:\.\/)+/, "")
    .replace(/\/$/, "")
    .split("/");
  if (parts.includes("..")) return "leads out of the archive";
  if (parts.length > 1 && parts.some((part) => part === "" || part === ".")) {
    return "has an empty part";
  }
  if (written.length > longestPath) return `has more than ${longestPath} characters`;
  return parts.length > deepest ? `is more than ${deepest} folders deep` : undefined;
}

/** What file managers leave behind. */
function isLitter(path: string): boolean {
  return path.startsWith("__MACOSX/") || /(?:^|\/)(?:\.DS_Store|Thumbs\.db)$/.test(path);
}

/** A name as it can be shown to people: escaped, and not at any length. */
function shown(path: string): string {
  return JSON.stringify(path.slice(0, 200)).slice(1, -1);
}
