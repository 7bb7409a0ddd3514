import { existsSync, readdirSync, readFileSync } from "node:fs";

/** Everything that a process has started and that still belongs to it, by Linux's process list. */
export function descendantsOf(pid: number): readonly number[] {
  const tasks = `/proc/${pid}/task`;
  if (!existsSync(tasks)) return [];
  const children = readdirSync(tasks).flatMap((task) => {
    try {
      const text = readFileSync(`${tasks}/${task}/children`, "utf8");
      return text.split(" ").filter(Boolean).map(Number);
    } catch (error) {
      // The thread or the process ended meanwhile.
      if (error instanceof Error) return [];
      throw error;
    }
  });
  return children.flatMap((child) => [child, ...descendantsOf(child)]);
}

/** Resolves when none of the processes is left. @throws where one still is after 20 s */
export async function gone(pids: readonly number[]): Promise<void> {
  const until = performance.now() + 20_000;
  while (pids.some(isThere)) {
    if (performance.now() > until) throw new Error(`Of ${pids.join(", ")} one does not end.`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function isThere(pid: number): boolean {
  try {
    // A dead process that nobody has asked for is not there either.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
}
