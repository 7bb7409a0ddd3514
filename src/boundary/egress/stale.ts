import { causesOf } from "../../base/causes.ts";
import { systemCodeOf } from "../../base/errors.ts";

/** How a connection ends that the other side had closed while the request was on its way. */
const endings = new Set(["UND_ERR_SOCKET", "ECONNRESET", "ECONNABORTED", "EPIPE"]);

const stale = new WeakSet<object>();

/**
 * Notes that an error ended a request over a connection that had served others before, and of whose
 * answer nothing had come: mostly the other side had closed what lay idle at that moment.
 */
export function noteStale(error: unknown): void {
  const code = systemCodeOf(error);
  if (typeof error !== "object" || error === null || code === undefined) return;
  if (endings.has(code)) stale.add(error);
}

/**
 * Whether a failure is only that of a kept connection, which says nothing of the other side. Whether
 * it has seen the request is not known (RFC 9110, section 9.2.2).
 * @param thrown with what libraries wrapped it in
 */
export function isStaleConnection(thrown: unknown): boolean {
  return causesOf(thrown).some((cause) => stale.has(cause as object));
}
