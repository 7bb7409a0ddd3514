import type { BusyNotice } from "../store/backend.ts";

/** What is said of writers that wait for `where`. */
export function busyWords({ waitedMs, waiting, state }: BusyNotice, where: string): string {
  const words = {
    waiting: `another process holds ${where}; writers wait`,
    "gone on": `writers to ${where} go on`,
    "given up": `writers to ${where} gave up`,
  };
  return `store.busy: ${words[state]} after ${waitedMs} ms (${waiting} writers).`;
}
