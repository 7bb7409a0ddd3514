import { type Label, labelBounds } from "./definitions.ts";

/** Stands for every value of a label beyond those that it may have. */
export const other = "other";

/**
 * Keeps each label to so many values: the first that come keep their name, all later ones are
 * `other`. What is not in here must not become a label.
 */
export class Bounds {
  readonly #known: Map<string, Set<string>>;

  /** @param known what was told before, so that names stay what they were */
  constructor(known: Readonly<Record<string, readonly string[]>> = {}) {
    this.#known = new Map(Object.entries(known).map(([label, values]) => [label, new Set(values)]));
  }

  of(label: Label, value: string): string {
    const known = this.#known.get(label) ?? new Set<string>();
    if (known.has(value)) return value;
    if (known.size >= labelBounds[label] - 1 && labelBounds[label] > 1) return other;
    known.add(value);
    this.#known.set(label, known);
    return value;
  }

  state(): Readonly<Record<string, readonly string[]>> {
    return Object.fromEntries([...this.#known].map(([label, values]) => [label, [...values]]));
  }
}
