import { hostPattern } from "./host.ts";
import type { CompiledKey, PolicyCall } from "./keys.ts";
import type { CompiledRule } from "./policy.ts";
import type { MatchKeyName } from "./schema.ts";

/** Few enough rules that testing each costs less than looking up where they are filed. */
const smallBin = 3;

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
  /** Places of rules of which nothing is left to test: whoever looks here fits them. */
  readonly sure: readonly number[];
  /** Rules that cannot be filed by any key, or are too few to be. */
  readonly loose: readonly Test[];
  readonly shelves: readonly FiledShelf[];
}

/** A rule in its bin, and what is left to test there. */
interface Test {
  readonly order: number;
  readonly matches: (call: PolicyCall) => boolean;
}

/** A rule on its way into the bins. */
interface Filing {
  readonly rule: CompiledRule;
  /** Keys that the bins on the way have not answered for. */
  readonly open: readonly CompiledKey[];
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
  /** Whether every call that looks under the label has one of these values. */
  readonly settles: (label: string, values: readonly string[]) => boolean;
  /** Looks into the bins of the call's own labels. */
  readonly scan: (bins: Bins, call: PolicyCall, hits: Hits) => void;
}

function plainShelf(key: MatchKeyName, labelOf: (call: PolicyCall) => string | undefined): Shelf {
  return {
    key,
    labels: (values) => (values.some((value) => value.includes("*")) ? undefined : values),
    settles: () => true,
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
  settles: (label, values) => values.includes(label) || values.includes(`${label}*`),
  scan: (bins, call, hits) => {
    scanIndex(bins.get(call.connector), call, hits);
    scanIndex(bins.get(call.surface), call, hits);
  },
};

/** Hosts by their name, `*.example.org` by its suffix `.example.org`. */
const hostShelf: Shelf = {
  key: "host",
  labels: (values) => values.map(hostPattern),
  settles: () => true,
  scan: (bins, call, hits) => {
    const { host, above, address } = call;
    if (host === undefined) return;
    // Equal only for literal addresses; a rule found twice is counted once.
    if (address !== undefined && address !== host) scanIndex(bins.get(address), call, hits);
    scanIndex(bins.get(host), call, hits);
    for (const suffix of above) scanIndex(bins.get(suffix), call, hits);
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
export function fileRules(rules: readonly CompiledRule[]): RuleIndex {
  return file(
    rules.map((rule) => ({ rule, open: rule.keys })),
    allShelves,
  );
}

function file(filings: readonly Filing[], shelves: readonly Shelf[]): RuleIndex {
  if (filings.length <= smallBin) return { ...tested(filings), shelves: [] };
  const choices = shelves.map((shelf) => ({
    shelf,
    crowds: countLabels(shelf, filings),
    filed: new Map<string, Filing[]>(),
  }));
  const loose: Filing[] = [];
  for (const filing of filings) {
    let choice: (typeof choices)[number] | undefined;
    let labels: readonly string[] = [];
    let least = Number.POSITIVE_INFINITY;
    for (const possible of choices) {
      const under = labelsOn(possible.shelf, filing.rule);
      if (under === undefined) continue;
      const crowd = under.reduce(
        (most, label) => Math.max(most, possible.crowds.get(label) ?? 0),
        0,
      );
      if (crowd < least) [choice, labels, least] = [possible, under, crowd];
    }
    if (choice === undefined) loose.push(filing);
    else
      for (const label of new Set(labels))
        addTo(choice.filed, label, settled(filing, choice.shelf, label));
  }
  const used = choices.filter(({ filed }) => filed.size > 0);
  return {
    ...tested(loose),
    shelves: used.map(({ shelf, filed }) => {
      const others = shelves.filter((other) => other !== shelf);
      const bins = [...filed].map(([label, bin]) => [label, file(bin, others)] as const);
      return { shelf, bins: new Map(bins) };
    }),
  };
}

/** The same without the key for which the bin's label answers. */
function settled(filing: Filing, { key, settles }: Shelf, label: string): Filing {
  const values = filing.rule.match[key]?.map(String) ?? [];
  if (!settles(label, values)) return filing;
  return { ...filing, open: filing.open.filter((open) => open.key.name !== key) };
}

function tested(filings: readonly Filing[]): Pick<RuleIndex, "sure" | "loose"> {
  return {
    sure: filings.filter(({ open }) => open.length === 0).map(({ rule }) => rule.order),
    loose: filings
      .filter(({ open }) => open.length > 0)
      .map(({ rule, open }) => ({ order: rule.order, matches: allHold(open) })),
  };
}

/** Whether all keys hold; most rules have one or two left to test. */
function allHold(keys: readonly CompiledKey[]): (call: PolicyCall) => boolean {
  const [first, second, ...more] = keys.map((key) => key.holds);
  if (first === undefined) return () => true;
  if (second === undefined) return first;
  if (more.length === 0) return (call) => first(call) && second(call);
  return (call) => {
    for (const key of keys) if (!key.holds(call)) return false;
    return true;
  };
}

/** Notes every rule of the index that matches; one that has several labels perhaps twice. */
export function scanIndex(index: RuleIndex | undefined, call: PolicyCall, hits: Hits): void {
  if (index === undefined) return;
  for (const order of index.sure) hits.orders[hits.count++] = order;
  for (const { order, matches } of index.loose) {
    if (matches(call)) hits.orders[hits.count++] = order;
  }
  for (const { shelf, bins } of index.shelves) shelf.scan(bins, call, hits);
}

function labelsOn(shelf: Shelf, rule: CompiledRule): readonly string[] | undefined {
  const values = rule.match[shelf.key];
  return values === undefined ? undefined : shelf.labels(values.map(String));
}

function countLabels(shelf: Shelf, filings: readonly Filing[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { rule } of filings) {
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
