/** One of a few words, of which one is chosen: what a page shows, or over how long. */
export function Choice<T extends string>({
  label,
  options,
  chosen,
  onChoose,
}: {
  /** What is chosen, for those who do not see it. */
  readonly label: string;
  readonly options: readonly (readonly [word: T, text: string])[];
  readonly chosen: T;
  readonly onChoose: (word: T) => void;
}) {
  return (
    <div className="choice" role="group" aria-label={label}>
      {options.map(([word, text]) => (
        <button
          key={word}
          type="button"
          className="button"
          aria-pressed={word === chosen}
          onClick={() => onChoose(word)}
        >
          {text}
        </button>
      ))}
    </div>
  );
}
