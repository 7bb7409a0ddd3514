import { chownSync, chmodSync } from "node:fs";

/** The conventional user without rights, on Debian and most other systems. */
const nobody = 65_534;

/**
 * Runs something as a user for whom file permissions mean something. Root passes every check of
 * permissions, so a test as root would see nothing; there the rights are put down for its length.
 * @param folders what that user must be able to enter, from the outside in
 */
export async function asOrdinaryUser<T>(
  folders: readonly string[],
  run: () => Promise<T>,
): Promise<T> {
  if (process.getuid?.() !== 0 || process.seteuid === undefined) return run();
  for (const folder of folders) {
    chownSync(folder, nobody, nobody);
    chmodSync(folder, 0o700);
  }
  process.seteuid(nobody);
  try {
    return await run();
  } finally {
    process.seteuid(0);
  }
}
