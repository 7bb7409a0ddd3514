/** Where a writing process prints the keys that were acknowledged: its standard output, a file. */
export const acknowledgementDescriptor = 1;
/** Where it says what it is doing, one JSON object a line. */
export const noteDescriptor = 2;

/** What a writing process is to do: its first argument, as JSON. */
export interface WriterOrder {
  readonly dataDir: string;
  /** Begins every key that it writes. */
  readonly name: string;
  readonly writers: number;
  /** Keys of signals that a killed process may have written: they are sent once more. */
  readonly inDoubt: readonly string[];
  /** Pages in the write-ahead log at which SQLite moves them into the file; its own default if not given. */
  readonly checkpointPages?: number;
  /** Pages that SQLite keeps in memory; its own default if not given. */
  readonly cachePages?: number;
  /** When SQLite waits for the disk; `full` if not given. */
  readonly synchronous?: "normal" | "off";
  readonly busyTimeoutMs?: number;
  /** Codes of errors after which to try again; others end the writer. */
  readonly tolerates?: readonly string[];
  /** Whether to read all the time and to tell how long that took. */
  readonly watches?: boolean;
  /** The longest time between a write's end and the line that says so: what a slow caller takes. */
  readonly dawdlesMs?: number;
  /** Whether it writes to the store's journal too. */
  readonly journal?: boolean;
  /** The planted fault: acknowledges before the write. */
  readonly tooEarly?: boolean;
}

/** What a process that brings a store up to date is to do: its first argument, as JSON. */
export interface UpgradeOrder {
  readonly dataDir: string;
  /** Whether it takes the backup in its own process. */
  readonly alone?: boolean;
}

/** What a process that takes over the Python engine's state is to do. */
export interface ImportOrder {
  readonly dataDir: string;
  /** The Python engine's JSON file. */
  readonly source: string;
}

/** What a process that looks after a store is to do: its first argument, as JSON. */
export interface KeeperOrder {
  /** The last two are planted faults. */
  readonly act: "backup" | "restore" | "copy" | "restore-without-journal" | "restore-in-place";
  /** Of a copy, an address too. */
  readonly dataDir: string;
  /** Of a copy: the folder of the other store, or its address. */
  readonly to?: string;
}

/** What a process that recovers a store is to do: its first argument, as JSON. */
export interface RecovererOrder {
  readonly dataDir: string;
  /** By the command's way, or by opening the store as every command does. */
  readonly how: "command" | "start";
}
