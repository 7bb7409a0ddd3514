import type { Witness } from "./witness.ts";

/** Runs something as the handler of a governed call; resolves when the call has ended. */
export type InsideCall = <T>(work: () => Promise<T>) => Promise<T>;

/** One way out of the process. */
export interface Probe {
  readonly name: string;
  /** Tries it. How it ends is noted; whether it left, the witness knows. */
  readonly go: (witness: Witness) => Promise<unknown>;
  /** In place of `go` outside of a call, for what needs a call before. */
  readonly outside?: (witness: Witness, inside: InsideCall) => Promise<unknown>;
  /** What must come of it. Default: refused outside of a call, through inside. */
  readonly expect?: { readonly outside?: Outcome; readonly inside?: Outcome | "not tried" };
  /** Why it gets through outside, or is refused inside, in words for the documentation. */
  readonly because?: string;
  /** Further options of Node's. */
  readonly flags?: readonly string[];
}

/** `refused` by the guard and nothing arrived; `through`: the witness saw it. */
export type Outcome = "refused" | "through";

export interface ProbeReport {
  readonly outside: string;
  readonly inside: string;
}
