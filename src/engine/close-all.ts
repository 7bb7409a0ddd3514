/**
 * Closes one part after the other, also after one that failed.
 * @throws the first failure, once all have been asked to close
 */
export async function closeAll(parts: readonly (() => unknown)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const close of parts) {
    try {
      await close();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
