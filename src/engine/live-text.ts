import type { Redactor } from "../base/redact.ts";
import type { LiveEvent } from "../events/event.ts";

type Delta = Extract<LiveEvent, { type: "text.delta" | "reasoning.delta" }>;

/** How much is held back at most of a text that has no blanks. */
const longestWord = 512;

/** Where the last two words begin. Read from the end: a pattern would try every beginning. */
function lastTwoWords(text: string): number {
  let at = text.length;
  for (const kind of [/\S/, /\s/, /\S/]) {
    while (at > 0 && kind.test(text.charAt(at - 1))) at -= 1;
  }
  return at;
}

/**
 * Takes secrets out of text that arrives in pieces. The last two words are held back, because a
 * credential may be split between pieces and some are known by the word before them.
 */
export function createLiveText(redactor: Redactor, tell: (event: Delta) => void) {
  const held = new Map<string, Delta>();
  const keyOf = ({ runId, type }: Pick<Delta, "runId" | "type">) => `${runId} ${type}`;
  return {
    add: (event: Delta): void => {
      const text = `${held.get(keyOf(event))?.text ?? ""}${event.text}`;
      const words = lastTwoWords(text);
      const usual = text.length - words > longestWord ? text.length - longestWord / 2 : words;
      // What is told must not end in the beginning of a secret of several words, or within a long one.
      const cut = redactor.openEnd(text.slice(0, usual));
      if (cut > 0) tell({ ...event, text: redactor.text(text.slice(0, cut)) });
      held.set(keyOf(event), { ...event, text: text.slice(cut) });
    },
    /** The turn is over: what was held back is told. */
    flush: (runId: string): void => {
      for (const type of ["reasoning.delta", "text.delta"] as const) {
        const rest = held.get(keyOf({ runId, type }));
        held.delete(keyOf({ runId, type }));
        if (rest !== undefined && rest.text !== "")
          tell({ ...rest, text: redactor.text(rest.text) });
      }
    },
  };
}
