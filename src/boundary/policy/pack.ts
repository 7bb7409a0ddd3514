import type { DecisionEffect, SessionLimit } from "../types.ts";
import type { Amount } from "./amount.ts";
import type { Condition } from "./condition.ts";
import type { Position } from "./errors.ts";
import type { Match, PolicyMode } from "./schema.ts";

/** How much calls may come to before a rule holds. */
export interface Limit {
  readonly max: number;
  readonly per: SessionLimit["per"];
  /** Absent: for ever. */
  readonly windowMs?: number;
  /** What is summed up. Absent: calls are counted. */
  readonly sum?: Amount;
}

/** One rule of a pack after reading. */
export interface LoadedRule {
  readonly id: string;
  readonly effect: DecisionEffect;
  readonly match: Match;
  /** What must be true of the call besides. */
  readonly when?: Condition;
  /** The rule holds only for calls beyond it. */
  readonly limit?: Limit;
  /** The rule holds only until a call that matches this has succeeded in the run. */
  readonly before?: Match;
  /** Ask rules, by their `<pack>/<id>`, that need nobody for the calls that this rule allows. */
  readonly answers?: readonly string[];
  /** Absent: the pack's. */
  readonly mode?: PolicyMode;
  /** Shown to the person who is refused or asked. */
  readonly reason: string;
  /** How long an ask stays open, in milliseconds. */
  readonly ttlMs?: number;
  /** Absent for rules made from settings. */
  readonly at?: Position;
}

/** Another pack whose rules come before this one's. */
export interface PackReference {
  readonly name: string;
  readonly at: Position;
}

/** A pack after reading, its rules in file order. */
export interface LoadedPack {
  readonly name: string;
  readonly version: number;
  readonly description: string;
  readonly extends: readonly PackReference[];
  readonly default: DecisionEffect;
  readonly defaultAt: Position;
  /** Of the rules that name none, and of the default. Absent: `enforce`. */
  readonly mode?: PolicyMode;
  readonly rules: readonly LoadedRule[];
}
