import {
  closeSync,
  fdatasyncSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { uuidv7Source } from "../../src/base/ids.ts";
import { systemRandom } from "../../src/base/random.ts";
import type { Backend } from "../../src/store/backend.ts";
import { openPostgresBackend } from "../../src/store/postgres/backend.ts";
import { openStore } from "../../src/store/store.ts";
import { postgresMissing, startPostgres } from "../../test/support/postgres.ts";
import { percentile } from "../statistics.ts";

export const ids = uuidv7Source(systemClock, systemRandom);

/** Temporary folders of one run. */
export interface Folders {
  make(): string;
  remove(): void;
}

export function createFolders(): Folders {
  const made: string[] = [];
  return {
    make: () => {
      const folder = mkdtempSync(join(tmpdir(), "agent33-bench-"));
      made.push(folder);
      return folder;
    },
    remove: () => {
      for (const folder of made) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * A store in a folder; each commit waits for the disk.
 * @param journal whether each commit is written to the journal too
 */
export function openSqlite(dataDir: string, journal = false): Backend {
  return openStore({ dataDir, clock: systemClock, ids, synchronous: "full", journal }).backend;
}

/** A PostgreSQL server for one run; each commit waits for the disk. */
export interface PostgresPlace {
  readonly version: string;
  /** A store in a new database. */
  open(poolSize?: number): Promise<Backend>;
  /** Does at once what the server would do in the minutes after a lot was written. */
  tidy(): Promise<void>;
  remove(): Promise<void>;
}

/** The server, or why there is none. */
export async function startPostgresPlace(): Promise<PostgresPlace | string> {
  const missing = postgresMissing();
  if (missing !== undefined) return missing;
  const server = await startPostgres({ fsync: true });
  const databases: string[] = [];
  const version = await server.admin("SHOW server_version");
  return {
    version: String(version[0]?.["server_version"]).split(" ", 1)[0] ?? "",
    open: async (poolSize) => {
      const url = await server.freshDatabase();
      databases.push(new URL(url).pathname.slice(1));
      const pool = poolSize === undefined ? {} : { poolSize };
      return openPostgresBackend({ url, clock: systemClock, random: systemRandom, ids, ...pool });
    },
    tidy: async () => {
      for (const database of databases) await server.admin("VACUUM (ANALYZE)", database);
      await server.admin("CHECKPOINT");
    },
    remove: () => server.remove(),
  };
}

const probes = 100;
/** `TMPFS_MAGIC` of Linux (statfs(2)). */
const tmpfs = 0x01021994;

/** How long the disk lets a program wait that adds 4 KiB to a file and asks for them to be safe. */
export function diskFact(folder: string): string {
  const file = openSync(join(folder, "probe"), "w");
  const block = Buffer.alloc(4096, 33);
  const waits: number[] = [];
  try {
    for (let probe = 0; probe < probes; probe += 1) {
      const began = performance.now();
      writeSync(file, block);
      fdatasyncSync(file);
      waits.push(performance.now() - began);
    }
  } finally {
    closeSync(file);
  }
  const [p50, p99] = [0.5, 0.99].map((share) => percentile(waits, share).toFixed(2));
  const memory =
    statfsSync(folder).type === tmpfs
      ? " The temporary folder is in memory: nothing here waits for a disk. Set TMPDIR to one on a disk."
      : "";
  return `Disk: 4 KiB written and waited for (fdatasync) in ${p50} ms at the median, ${p99} ms at the 99th percentile.${memory}`;
}
