import { closest, distance } from "fastest-levenshtein";

/** The known name nearest to a mistyped one, if it is near enough to be worth suggesting. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const best = closest(name, [...known]);
  return distance(name, best) <= Math.max(2, Math.floor(name.length / 3)) ? best : undefined;
}

/** "Did you mean `x`?" or, where nothing is near, the list of what is known. */
export function suggestName(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  if (nearest !== undefined) return `Did you mean "${nearest}"?`;
  return known.length === 0 ? "None are known." : `Known: ${known.join(", ")}.`;
}
