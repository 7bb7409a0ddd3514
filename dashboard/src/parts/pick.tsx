import { setQuery } from "../router.tsx";

/** A filter that is one of a few words, or any. */
export function Pick({
  label,
  options,
  chosen,
  onChoose,
  any = "any",
}: {
  readonly label: string;
  readonly options: readonly string[];
  /** Empty where nothing is picked, which lets all through. */
  readonly chosen: string;
  readonly onChoose: (word: string) => void;
  /** What no filter is called. */
  readonly any?: string;
}) {
  return (
    <label>
      <span>{label}</span>
      <select value={chosen} onChange={(event) => onChoose(event.target.value)}>
        <option value="">{any}</option>
        {options.map((word) => (
          <option key={word} value={word}>
            {word.replaceAll("_", " ")}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A word of a query if it is one of these; undefined otherwise. */
export function oneOf<T extends string>(all: readonly T[], word: string | null): T | undefined {
  return all.find((one) => one === word);
}

/** The same, for a word of the page's query. */
export function QueryPick({
  name,
  ...pick
}: {
  readonly name: string;
  readonly label: string;
  readonly options: readonly string[];
  readonly chosen: string | undefined;
}) {
  return (
    <Pick {...pick} chosen={pick.chosen ?? ""} onChoose={(word) => setQuery({ [name]: word })} />
  );
}
