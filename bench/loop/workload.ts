/** What a run consists of: so many turns with so many tool calls each, then one of words. */
export interface RunShape {
  readonly turns: number;
  readonly calls: number;
}

/** An agent loop that is ready to run. */
export interface Loop {
  /** One run. Gives the calls made. */
  run(shape: RunShape): Promise<number>;
  close(): Promise<void>;
}

/** One way of running an agent's loop. */
export interface LoopContender {
  readonly name: string;
  /** Ours, somebody else's, or what ours cannot go below. */
  readonly kind: "ours" | "other" | "floor";
  /** What it does not do and ours does. */
  readonly leavesOut?: string;
  open(): Promise<Loop>;
}

export const task = "Look everything up, then say what you found.";
export const instructions = "You look things up with the tool at hand and report what you saw.";
export const toolName = "look_up";
export const toolDescription = "Looks one entry up.";

/** What the model has used, so that nobody has to count it. */
export const usage = { input: 500, output: 20 };

export const lastWords = "Everything is looked up.";

/** Arguments of a turn's call. Each is another, so that nothing can be taken for a loop. */
export function argumentsOf(turn: number, place: number): string {
  return JSON.stringify({ entry: wordOf(turn * mostCalls + place) });
}

const mostCalls = 10;

/** The places of a turn's calls. */
export function placesOf(calls: number): readonly number[] {
  return Array.from({ length: calls }, (_none, place) => place);
}

/** What the tool finds. */
export function entryOf(word: string): string {
  return `The entry ${word} reads: nothing to see here, as everywhere else.`;
}

/** A number in letters: digits are what changes by itself, and would count as the same entry. */
function wordOf(number: number): string {
  return Array.from(String(number), (digit) => "abcdefghij".charAt(Number(digit))).join("");
}
