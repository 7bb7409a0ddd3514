import { sha256 } from "../../base/digest.ts";

const limit = 64;
const marked = 8;

/**
 * The name under which a server's tool is offered to models: `<server>__<tool>`, with what
 * providers refuse replaced, and cut at 64 characters. Where that loses something, a digest of the
 * full name keeps two different tools apart. So it does where nobody could tell the end of the
 * server's name from the beginning of the tool's: `a__b` with `c`, and `a` with `b__c`.
 */
export function offeredName(server: string, tool: string): string {
  const full = `${server}__${tool}`;
  const safe = full.replace(/[^A-Za-z0-9_-]/g, "_");
  const isClear = !server.includes("__") && !server.endsWith("_") && !tool.startsWith("_");
  if (isClear && safe === full && full.length <= limit) return full;
  const digest = sha256(JSON.stringify([server, tool])).slice(0, marked);
  return `${safe.slice(0, limit - marked - 1)}_${digest}`;
}
