import { BoundaryError } from "../../boundary/errors.ts";
import type { CallContext } from "../../boundary/types.ts";
import { readBody } from "../http/body.ts";
import { follow } from "./follow.ts";
import type { WebSettings } from "./settings.ts";

/** What RFC 9309, section 2.5 asks to be read at least. */
const longestBytes = 500 * 1024;
const keptMs = 60 * 60_000;
const keptSites = 256;

/** A line of a robots.txt that opens or closes what begins like it. */
interface RobotsRule {
  readonly allow: boolean;
  readonly pattern: string;
}

interface KeptRules {
  readonly rules: readonly RobotsRule[];
  readonly until: number;
}

/**
 * Asks the robots.txt of a page's site (RFC 9309), each site once an hour. A site that has none is
 * open; one whose rules cannot be had at the moment is closed.
 */
export function robotsCheck(
  settings: WebSettings,
  now: () => number,
): (
  context: Pick<CallContext<unknown>, "fetch" | "signal">,
  url: URL,
  enter: (url: URL, hops: number) => void,
) => Promise<void> {
  const sites = new Map<string, KeptRules>();
  return async (context, url, enter) => {
    let kept = sites.get(url.origin);
    if (kept === undefined || kept.until <= now()) {
      const { response } = await follow(context, `${url.origin}/robots.txt`, settings, enter);
      kept = { rules: await rulesIn(response, settings.userAgent), until: now() + keptMs };
      if (sites.size >= keptSites) sites.clear();
      sites.set(url.origin, kept);
    }
    if (isOpen(kept.rules, `${url.pathname}${url.search}`)) return;
    throw new BoundaryError("egress_blocked", `The robots.txt of ${url.host} closes ${url.href}.`, {
      phase: "sent",
      hint: "Leave this page alone, or set respectRobots of the connector to false.",
    });
  };
}

async function rulesIn(response: Response, userAgent: string): Promise<readonly RobotsRule[]> {
  if (response.ok) {
    const { bytes } = await readBody(response, longestBytes);
    return robotsRules(Buffer.from(bytes).toString("utf8"), userAgent);
  }
  await response.body?.cancel();
  return response.status >= 500 ? [{ allow: false, pattern: "/" }] : [];
}

/** The rules for a program: those of the groups that name it, else those for all. */
export function robotsRules(text: string, userAgent: string): readonly RobotsRule[] {
  const product = /^[a-z0-9_-]+/i.exec(userAgent)?.[0].toLowerCase() ?? "";
  const own: RobotsRule[] = [];
  const everybody: RobotsRule[] = [];
  let names: string[] = [];
  let namesEnded = false;
  let named = false;
  for (const line of text.split(/\r\n|\r|\n/)) {
    const [, field = "", value = ""] = /^\s*([a-z-]+)\s*:\s*([^#]*?)\s*(?:#.*)?$/i.exec(line) ?? [];
    const word = field.toLowerCase();
    if (word === "user-agent") {
      if (namesEnded) names = [];
      namesEnded = false;
      names.push(value.toLowerCase());
      named ||= value.toLowerCase() === product;
    } else if (word === "allow" || word === "disallow") {
      namesEnded = true;
      // An empty rule closes nothing.
      if (value === "") continue;
      const rule = { allow: word === "allow", pattern: value };
      if (names.includes(product)) own.push(rule);
      if (names.includes("*")) everybody.push(rule);
    }
  }
  return named ? own : everybody;
}

/** The longest rule that fits decides; of two as long, the one that opens. */
export function isOpen(rules: readonly RobotsRule[], path: string): boolean {
  const fitting = rules.filter(({ pattern }) => fits(pattern, path));
  const longest = Math.max(0, ...fitting.map(({ pattern }) => pattern.length));
  const deciding = fitting.filter(({ pattern }) => pattern.length === longest);
  return deciding.length === 0 || deciding.some(({ allow }) => allow);
}

/** `*` stands for anything, `$` for the end. Without backtracking: the rules come from outside. */
function fits(pattern: string, path: string): boolean {
  const closed = pattern.endsWith("$");
  const [start = "", ...pieces] = (closed ? pattern.slice(0, -1) : pattern).split("*");
  if (!path.startsWith(start)) return false;
  let at = start.length;
  const last = closed ? pieces.pop() : undefined;
  for (const piece of pieces) {
    const found = path.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  if (!closed) return true;
  return last === undefined ? at === path.length : path.slice(at).endsWith(last);
}
