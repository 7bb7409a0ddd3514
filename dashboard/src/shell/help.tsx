import { useEffect, useRef } from "react";
import { pages } from "../pages.ts";

/** What keys do, in a dialog. */
export function Help({ onClose }: { readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const keys: readonly (readonly [string, string])[] = [
    ...pages.flatMap(({ key, title }) => (key === undefined ? [] : [[`g ${key}`, title] as const])),
    ["/", "search, where a page has one"],
    ["j  k", "next and previous row or question"],
    ["Enter", "open the row"],
    ["Shift A  Shift D", "approve or deny the question that is in focus"],
    ["t", "light, dark, or as the system has it"],
    ["?", "this help"],
    ["Esc", "close"],
  ];
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="help-title" onClose={onClose}>
      <h2 id="help-title">Keys</h2>
      <dl className="keys">
        {keys.map(([key, what]) => (
          <div key={key}>
            <dt>
              {key.split(/ +/).map((part) => (
                <kbd key={part}>{part}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit" className="button">
          Close
        </button>
      </form>
    </dialog>
  );
}
