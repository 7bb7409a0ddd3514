import { sha256 } from "../../base/digest.ts";

const limit = 64;
const marked = 8;

/**
 * The name under which a server's tool is offered to models: `<server>__<tool>`, with what
 * providers refuse replaced, and cut at 64 characters. Where that loses something, a digest of the
 * full name keeps two different tools apart.
 */
export function offeredName(server: string, tool: string): string {
  const full = `${server}__${tool}`;
  const safe = full.replace(/[^A-Za-z0-9_-]/g, "_");
  if (safe === full && full.length <= limit) return full;
  return `${safe.slice(0, limit - marked - 1)}_${sha256(full).slice(0, marked)}`;
}
