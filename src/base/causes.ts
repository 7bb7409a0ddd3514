const deepest = 10;

/**
 * An error and everything that caused it, outermost first. Node's connect errors hide one error an
 * address in `errors`; those are looked into as well.
 */
export function causesOf(error: unknown): readonly unknown[] {
  const found: unknown[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    if (found.length >= deepest || found.includes(value)) return;
    found.push(value);
    if ("cause" in value) visit(value.cause);
    if ("errors" in value && Array.isArray(value.errors)) value.errors.forEach(visit);
  };
  visit(error);
  return found;
}
