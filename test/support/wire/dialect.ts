import type { IncomingHttpHeaders } from "node:http";

/** One tool call of a turn. */
export interface WireCall {
  readonly id: string;
  readonly name: string;
  /** As the model wrote them: JSON, unless a test wants them broken. */
  readonly argumentsText: string;
}

/** What a model answers, whichever provider serves it. */
export interface WireTurn {
  readonly reasoning?: string;
  readonly text?: string;
  readonly calls?: readonly WireCall[];
  /** Stands in for the word that fits to the turn: `cut` and `filtered` in the provider's own words. */
  readonly ending?: "cut" | "filtered" | "lies";
  readonly usage: WireUsage;
}

/** Tokens, all of them: `cached` and `written` are within `input`, `reasoning` within `output`. */
export interface WireUsage {
  readonly input: number;
  readonly cached: number;
  /** Put into the prompt cache. */
  readonly written: number;
  readonly output: number;
  readonly reasoning: number;
}

export interface WireRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
}

/** An answer without a stream. */
export interface WireRefusal {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: object | string;
}

/** How a provider, or a server that imitates one, speaks. Written from its published reference. */
export interface Dialect {
  readonly name: string;
  /** The page that it is written from. */
  readonly reference: string;
  /** The specification of its model at an address. */
  readonly spec: (url: string) => string;
  /** The variable that holds its key; none where it takes no key. */
  readonly keyVariable?: string;
  /** How the model is called that an answer names; none where the package does not hand it on. */
  readonly served?: string;
  /** Which of these it reports. */
  readonly counts: {
    readonly cached: boolean;
    readonly written: boolean;
    readonly reasoning: boolean;
  };
  /** Whether thinking has to come back to it with the calls that it led to. */
  readonly wantsThinkingBack: boolean;
  /** The turns that it has answered before. @throws Refused where the provider refuses the request */
  readonly turnsIn: (request: WireRequest) => number;
  /** The events of a turn. */
  readonly events: (turn: WireTurn) => readonly string[];
  /** How many of them there are before the first piece of text, that one included. */
  readonly begun: number;
  /** An event that breaks its format. */
  readonly malformed: string;
  /** What it reports in the middle of a stream when it has too much to do. */
  readonly failedInside: string;
  readonly overloaded: WireRefusal;
  readonly limited: WireRefusal;
  readonly tooLong: WireRefusal;
}

/** A request that a provider would refuse. */
export class Refused extends Error {}

export function refuseUnless(condition: boolean, why: string): asserts condition {
  if (!condition) throw new Refused(why);
}

/** A server-sent event. */
export function event(data: object | string, name?: string): string {
  const text = typeof data === "string" ? data : JSON.stringify(data);
  return `${name === undefined ? "" : `event: ${name}\n`}data: ${text}\n\n`;
}

/** A text as it comes: in a few pieces, cut between characters. */
export function pieces(text: string, count = 3): readonly string[] {
  const points = Array.from(text);
  const length = Math.max(1, Math.ceil(points.length / count));
  return Array.from({ length: Math.ceil(points.length / length) }, (_, n) =>
    points.slice(n * length, (n + 1) * length).join(""),
  );
}

/** What stands for thinking where only its provider can read it. */
export function sealOf(text: string): string {
  return Buffer.from(`sealed:${text}`).toString("base64");
}

export type Json = Record<string, unknown>;

/** An event that says what it is. */
export interface Named {
  readonly type: string;
  readonly [field: string]: unknown;
}

export const list = (value: unknown): readonly Json[] =>
  Array.isArray(value) ? (value as readonly Json[]) : [];
