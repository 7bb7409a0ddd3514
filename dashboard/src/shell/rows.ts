/** What \`j\` and \`k\` go through: rows that lead somewhere, and questions. */
const steps = "tr.opens, [data-step]";

/** Moves the focus to the next or the previous of them. */
export function step(by: 1 | -1): void {
  const all = [...document.querySelectorAll<HTMLElement>(steps)];
  const here = all.findIndex((one) => one.contains(document.activeElement));
  const next = here === -1 ? (by === 1 ? 0 : all.length - 1) : here + by;
  all[next]?.focus();
}
