import { hostPattern } from "./host.ts";
import type { PolicyCall } from "./keys.ts";
import type { CompiledRule } from "./policy.ts";
import type { MatchKeyName } from "./schema.ts";

/** Few enough rules that testing each costs less than looking up where they are filed. */
const smallBin = 8;

/** Collects the places of the rules that match, unsorted; used again for every call. */
export interface Hits {
  readonly orders: number[];
  count: number;
}

/**
 * Rules filed by their values, so that a call is tested only against rules that share a value
 * with it. A crowded bin is filed again by another key.
 */
export interface RuleIndex {
  /** Rules that cannot be filed by any key, or are too few to be. */
  readonly loose: readonly CompiledRule[];
  readonly shelves: readonly FiledShelf[];
}

type Bins = ReadonlyMap<string, RuleIndex>;

interface FiledShelf {
  readonly shelf: Shelf;
  readonly bins: Bins;
}

/** One key to file rules by. */
interface Shelf {
  readonly key: MatchKeyName;
  /** The labels that a rule with these values is filed under; undefined where it cannot be. */
  readonly labels: (values: readonly string[]) => readonly string[] | undefined;
  /** Looks into the bins of the call's own labels. */
  readonly scan: (bins: Bins, call: PolicyCall, hits: Hits) => void;
}

function plainShelf(key: MatchKeyName, labelOf: (call: PolicyCall) => string | undefined): Shelf {
  return {
    key,
    labels: (values) => (values.some((value) => value.includes("*")) ? undefined : values),
    scan: (bins, call, hits) => {
      const label = labelOf(call);
      if (label !== undefined) scanIndex(bins.get(label), call, hits);
    },
  };
}

/** Connectors by their id, patterns such as `mcp:*` and `mcp:git*` by their surface `mcp:`. */
const connectorShelf: Shelf = {
  key: "connector",
  labels: (values) => {
    const labels = values.map((value) =>
      value.includes("*") ? value.slice(0, value.indexOf(":") + 1) : value,
    );
    return labels.some((label) => label === "" || label.includes("*")) ? undefined : labels;
  },
  scan: (bins, call, hits) => {
    const { connector } = call;
    scanIndex(bins.get(connector), call, hits);
    scanIndex(bins.get(connector.slice(0, connector.indexOf(":") + 1)), call, hits);
  },
};

/** Hosts by their name, `*.example.org` by its suffix `.example.org`. */
const hostShelf: Shelf = {
  key: "host",
  labels: (values) => values.map(hostPattern),
  scan: (bins, call, hits) => {
    const { host, address } = call;
    if (host === undefined) return;
    // Equal only for literal addresses; a rule found twice is counted once.
    if (address !== undefined && address !== host) scanIndex(bins.get(address), call, hits);
    scanIndex(bins.get(host), call, hits);
    for (let dot = host.indexOf("."); dot >= 0; dot = host.indexOf(".", dot + 1)) {
      scanIndex(bins.get(host.slice(dot)), call, hits);
    }
  },
};

const allShelves: readonly Shelf[] = [
  hostShelf,
  connectorShelf,
  plainShelf("tool", (call) => call.facts.tool),
  plainShelf("operation", (call) => call.facts.operation),
  plainShelf("user", (call) => call.principal.user),
  plainShelf("tenant", (call) => call.principal.tenant),
  plainShelf("agent", (call) => call.principal.agent),
  plainShelf("effect", (call) => call.facts.effect),
];

/** Files each rule by the key under whose values the fewest other rules are. */
export function fileRules(
  rules: readonly CompiledRule[],
  shelves: readonly Shelf[] = allShelves,
): RuleIndex {
  if (rules.length <= smallBin) return { loose: rules, shelves: [] };
  const choices = shelves.map((shelf) => ({
    shelf,
    crowds: countLabels(shelf, rules),
    filed: new Map<string, CompiledRule[]>(),
  }));
  const loose: CompiledRule[] = [];
  for (const rule of rules) {
    let bins: Map<string, CompiledRule[]> | undefined;
    let labels: readonly string[] = [];
    let least = Number.POSITIVE_INFINITY;
    for (const { shelf, crowds, filed } of choices) {
      const possible = labelsOn(shelf, rule);
      if (possible === undefined) continue;
      const crowd = possible.reduce((most, label) => Math.max(most, crowds.get(label) ?? 0), 0);
      if (crowd < least) [bins, labels, least] = [filed, possible, crowd];
    }
    if (bins === undefined) loose.push(rule);
    else for (const label of new Set(labels)) addTo(bins, label, rule);
  }
  const used = choices.filter(({ filed }) => filed.size > 0);
  return {
    loose,
    shelves: used.map(({ shelf, filed }) => {
      const others = shelves.filter((other) => other !== shelf);
      const bins = [...filed].map(([label, bin]) => [label, fileRules(bin, others)] as const);
      return { shelf, bins: new Map(bins) };
    }),
  };
}

/** Notes every rule of the index that matches; one that has several labels perhaps twice. */
export function scanIndex(index: RuleIndex | undefined, call: PolicyCall, hits: Hits): void {
  if (index === undefined) return;
  for (const rule of index.loose) {
    if (rule.matches(call)) hits.orders[hits.count++] = rule.order;
  }
  for (const { shelf, bins } of index.shelves) shelf.scan(bins, call, hits);
}

function labelsOn(shelf: Shelf, rule: CompiledRule): readonly string[] | undefined {
  const values = rule.match[shelf.key];
  return values === undefined ? undefined : shelf.labels(values.map(String));
}

function countLabels(shelf: Shelf, rules: readonly CompiledRule[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const rule of rules) {
    for (const label of labelsOn(shelf, rule) ?? [])
      counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return counts;
}

function addTo<V>(lists: Map<string, V[]>, key: string, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
