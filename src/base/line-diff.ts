/** Lines of context around a change. */
const context = 2;
/** A table of more cells than this takes longer than anybody waits for a hint. */
const mostCells = 4_000_000;

interface Piece {
  readonly sign: " " | "-" | "+";
  readonly line: string;
}

/**
 * How one text became another, in the unified form of `diff -u` without its file names.
 * @param mostLines what is beyond is left out, and said
 * @returns an empty text where nothing differs
 */
export function lineDiff(before: string, after: string, mostLines: number): string {
  if (before === after) return "";
  const pieces = diffPieces(before.split("\n"), after.split("\n"));
  const shown = pieces.map((_piece, index) =>
    pieces
      .slice(Math.max(0, index - context), index + context + 1)
      .some(({ sign }) => sign !== " "),
  );
  const lines: string[] = [];
  let old = 1;
  let fresh = 1;
  for (const [index, { sign, line }] of pieces.entries()) {
    if (shown[index] === true) {
      if (shown[index - 1] !== true) lines.push(`@@ -${old} +${fresh} @@`);
      lines.push(`${sign}${line}`);
    }
    if (sign !== "+") old += 1;
    if (sign !== "-") fresh += 1;
  }
  if (lines.length <= mostLines) return lines.join("\n");
  return [...lines.slice(0, mostLines), `[… ${lines.length - mostLines} more lines …]`].join("\n");
}

function diffPieces(before: readonly string[], after: readonly string[]): readonly Piece[] {
  let start = 0;
  while (start < Math.min(before.length, after.length) && before[start] === after[start]) {
    start += 1;
  }
  let end = 0;
  while (
    end < Math.min(before.length, after.length) - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  ) {
    end += 1;
  }
  const as = (sign: Piece["sign"], lines: readonly string[]): readonly Piece[] =>
    lines.map((line) => ({ sign, line }));
  const gone = before.slice(start, before.length - end);
  const come = after.slice(start, after.length - end);
  const middle =
    gone.length * come.length > mostCells
      ? [...as("-", gone), ...as("+", come)]
      : longestCommon(gone, come);
  return [
    ...as(" ", before.slice(0, start)),
    ...middle,
    ...as(" ", before.slice(before.length - end)),
  ];
}

/** By the table of longest common subsequences (Hunt and McIlroy's problem, solved plainly). */
function longestCommon(gone: readonly string[], come: readonly string[]): readonly Piece[] {
  const width = come.length + 1;
  const longest = new Uint32Array((gone.length + 1) * width);
  const at = (row: number, column: number): number => longest[row * width + column] ?? 0;
  for (let row = gone.length - 1; row >= 0; row -= 1) {
    for (let column = come.length - 1; column >= 0; column -= 1) {
      longest[row * width + column] =
        gone[row] === come[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const pieces: Piece[] = [];
  let row = 0;
  let column = 0;
  while (row < gone.length || column < come.length) {
    const left = gone[row];
    const right = come[column];
    if (left !== undefined && left === right) {
      pieces.push({ sign: " ", line: left });
      row += 1;
      column += 1;
    } else if (
      left !== undefined &&
      (right === undefined || at(row + 1, column) >= at(row, column + 1))
    ) {
      pieces.push({ sign: "-", line: left });
      row += 1;
    } else {
      pieces.push({ sign: "+", line: right ?? "" });
      column += 1;
    }
  }
  return pieces;
}
