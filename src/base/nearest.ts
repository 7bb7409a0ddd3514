import { closest, distance } from "fastest-levenshtein";

/** The known name nearest to a mistyped one, if it is near enough to be worth suggesting. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const best = closest(name, [...known]);
  return distance(name, best) <= Math.max(2, Math.floor(name.length / 3)) ? best : undefined;
}

/** More names than these help nobody who mistyped one, and fill a model's window. */
const mostListed = 40;

/** "Did you mean `x`?" or, where nothing is near, the list of what is known. */
export function suggestName(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  if (nearest !== undefined) return `Did you mean "${nearest}"?`;
  if (known.length === 0) return "None are known.";
  const rest = known.length - mostListed;
  const list = known.slice(0, mostListed).join(", ");
  return rest > 0 ? `Known: ${list} and ${rest} more.` : `Known: ${list}.`;
}
