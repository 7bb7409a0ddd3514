import type { JsonObject } from "../../base/json.ts";

/** The rule that speaks where it is a server that wants to ask a person. */
export const elicitationRule = "mcp/elicitation";

/** What a server wants to know from a person in the course of a call. */
export interface ServerQuestion {
  /** What was being done: `the call of reserve`. */
  readonly what: string;
  /** Names the logical call; the same when it is made again. */
  readonly call: string;
  readonly message: string;
  /** JSON Schema of the answer, an object of plain fields. Absent where a page is to be opened. */
  readonly form?: JsonObject;
  /** A page that the person is to open. What is done there the server learns by itself. */
  readonly url?: string;
  /** Where the call does not wait longer than that. Milliseconds. */
  readonly forMs?: number;
}

/** What a person has said to a question so far. */
export type PersonAnswer =
  | { readonly id: string; readonly state: "open" | "declined" | "dismissed" }
  | { readonly id: string; readonly state: "accepted"; readonly content: JsonObject };

/** The way to a person for one server of one run. */
export interface Person {
  /** Looks for the answer to exactly this question of exactly this call; asks where there is none. */
  ask(question: ServerQuestion): PersonAnswer;
  /** Whether a question has been answered since. */
  look(id: string): PersonAnswer;
  /** The call that the answer was for is over. */
  used(id: string): void;
}
