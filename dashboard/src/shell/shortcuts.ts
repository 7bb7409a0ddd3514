import { useEffect, useRef } from "react";

/** What keys do: `?`, `/`, or two after one another as `g r`. */
export type Shortcuts = Readonly<Record<string, () => void>>;

/** How long the second key of two may come after the first. Milliseconds. */
const pairMs = 1_000;

/** Whether somebody writes, so that keys are letters. */
function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/** Keys of the page while this is shown. They do nothing while somebody writes or a dialog is open. */
export function useShortcuts(shortcuts: Shortcuts): void {
  const newest = useRef(shortcuts);
  useEffect(() => {
    newest.current = shortcuts;
  });
  useEffect(() => {
    let first = "";
    let at = 0;
    const press = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (isWriting(event.target) || document.querySelector("dialog[open]") !== null) return;
      const pair = event.timeStamp - at < pairMs ? `${first} ${event.key}` : "";
      const act = newest.current[pair] ?? newest.current[event.key];
      first = event.key;
      at = event.timeStamp;
      if (act === undefined) return;
      event.preventDefault();
      first = "";
      act();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
}
