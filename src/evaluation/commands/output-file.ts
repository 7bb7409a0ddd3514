import { closeSync, openSync, writeSync } from "node:fs";

/** How much of one command's output a file gets, in bytes. */
export const outputFileLimitBytes = 16 * 1024 * 1024;

/** A file that gets output as it comes, so that a person can follow it. */
export interface OutputFile {
  push(chunk: Uint8Array): void;
  /** Says at the end of the file how much is left out, if anything is. Can be called twice. */
  close(): void;
}

/**
 * Opens a file for a command's output; what was in it is gone.
 * @param limitBytes the most of it that is kept: the beginning, for the end is kept in memory
 * @throws the system's error when it cannot be written
 */
export function openOutputFile(
  path: string,
  limitBytes: number = outputFileLimitBytes,
): OutputFile {
  const file = openSync(path, "w");
  let isOpen = true;
  let keptBytes = 0;
  let droppedBytes = 0;
  return {
    push: (chunk) => {
      // Output may come after the end of a command, from a pipe that something holds open.
      if (!isOpen) return;
      const kept = chunk.subarray(0, limitBytes - keptBytes);
      if (kept.length > 0) writeSync(file, kept);
      keptBytes += kept.length;
      droppedBytes += chunk.length - kept.length;
    },
    close: () => {
      if (!isOpen) return;
      isOpen = false;
      if (droppedBytes > 0) writeSync(file, `\n[${droppedBytes} bytes after this are left out]\n`);
      closeSync(file);
    },
  };
}
