import fc from "fast-check";
import type { StuckKind } from "../../src/events/event.ts";
import type { PlayedCall, PlayedTurn } from "./played-run.ts";

/** A run that goes well for some turns and then in circles. */
export interface PlantedLoop {
  readonly turns: readonly PlayedTurn[];
  /** Turns before the loop begins. */
  readonly healthy: number;
}

/** The tools of planted runs that only read. */
export const plantedReads = ["look", "list", "search", "status"];

const longEnough = 12;

const call = (
  tool: string,
  args: Readonly<Record<string, string | number>>,
  content: string,
  isError = false,
): PlayedCall => ({ tool, argumentsText: JSON.stringify(args), content, isError });

const inVain = (words: string): PlayedCall => call("search", { words }, "nothing found");

/** Turns that each bring something new, and one search in vain: what hides a loop is none the wiser. */
const healthyTurns = fc
  .array(fc.constantFrom("look", "write", "list"), { maxLength: 6 })
  .map((tools) => [
    { calls: [inVain("all")] },
    ...tools.map((tool, turn) => {
      return { calls: [call(tool, { path: `well-${turn}` }, `new ${turn}`)] };
    }),
  ]);

/** Calls that stand before and behind those of the loop, other ones in each turn, and find nothing. */
const hidden = fc.record({ before: fc.nat(2), behind: fc.nat(2) });

type LoopTurn = (turn: number, shuffled: boolean) => readonly PlayedCall[];

const spelled = (shuffled: boolean, path: string): Readonly<Record<string, string | number>> =>
  shuffled ? { path, depth: 2 } : { depth: 2, path };

/** Four long files are read, and again and again: the room holds less than all of them. */
const folio = (turn: number): PlayedCall => {
  const path = `folio-${turn % 4}`;
  return call("look", { path }, `what ${path} says`);
};
const firstLooks: readonly PlayedTurn[] = [0, 1, 2, 3].map((turn) => ({ calls: [folio(turn)] }));

/** What the turns of each kind of loop ask for, by their number within it. */
const kinds: Readonly<Record<StuckKind, fc.Arbitrary<LoopTurn>>> = {
  repeat: fc
    .tuple(fc.constantFrom("look", "write"), fc.string())
    .map(([tool, content]) => (_turn, shuffled) => [call(tool, spelled(shuffled, "a"), content)]),
  same_error: fc
    .constantFrom("look", "write")
    .map((tool) => (turn) => [
      call(tool, { path: `file-${turn}.txt` }, `No entry file-${turn}.txt at ${turn}`, true),
    ]),
  ping_pong: fc
    .tuple(fc.constantFrom("look", "write"), fc.string(), fc.string())
    .map(([tool, one, other]) => (turn, shuffled) => [
      turn % 2 === 0
        ? call(tool, spelled(shuffled, "a"), one)
        : call(tool, spelled(shuffled, "b"), other),
    ]),
  polling: fc
    .nat(59)
    .map((minute) => (turn) => [
      call(
        "status",
        { job: 7 },
        `queued, looked at 2026-01-02T03:${String(minute).padStart(2, "0")}:${10 + turn}Z, took ${turn + 5} ms`,
      ),
    ]),
  monologue: fc.constant(() => []),
  condensation: fc.constant((turn) => [folio(turn)]),
  error_storm: fc
    .array(fc.constantFrom("look", "write", "run"), { minLength: 4, maxLength: 4 })
    .map((tools) => (turn) => [
      call(
        tools[turn % tools.length] ?? "run",
        { try: turn },
        ["No such thing", "Not allowed", "Syntax error", "Out of range"][turn % 4] ?? "",
        true,
      ),
    ]),
};

/** A run with one planted loop of a kind, hidden among other calls where the kind leaves room. */
export function plantedLoop(kind: StuckKind): fc.Arbitrary<PlantedLoop> {
  return fc
    .record({
      healthy: healthyTurns,
      loop: kinds[kind],
      hidden: kind === "monologue" ? fc.constant({ before: 0, behind: 0 }) : hidden,
      shuffles: fc.array(fc.boolean(), { minLength: longEnough, maxLength: longEnough }),
    })
    .map(({ healthy, loop, hidden: { before, behind }, shuffles }) => {
      const well = kind === "condensation" ? [...healthy, ...firstLooks] : healthy;
      const loopTurns = shuffles.map((shuffled, turn) => {
        const fruitless = (count: number, where: string) =>
          Array.from({ length: count }, (_none, index) => inVain(`${where} ${turn} ${index}`));
        const calls = [
          ...fruitless(before, "before"),
          ...loop(turn, shuffled),
          ...fruitless(behind, "behind"),
        ];
        return { ...beside(kind, turn), calls };
      });
      return { healthy: well.length, turns: [...well, ...loopTurns] };
    });
}

/** What happens before each turn of a loop. */
function beside(kind: StuckKind, turn: number): Omit<PlayedTurn, "calls"> {
  if (kind === "monologue") return { told: `Not right yet: ${turn}.` };
  return kind === "condensation" ? { compacted: true } : {};
}
