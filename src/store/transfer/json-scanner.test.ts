import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ByteSource, bytesSource } from "./byte-source.ts";
import { type ScanEvent, scanRecords } from "./json-scanner.ts";
import { pythonState, type PythonState } from "./legacy.fixture.ts";
import { legacyShape } from "./legacy-shape.ts";

async function scan(bytes: Uint8Array | string, source?: ByteSource): Promise<ScanEvent[]> {
  const found: ScanEvent[] = [];
  const content = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
  for await (const event of scanRecords(source ?? bytesSource("state", content), legacyShape)) {
    found.push(event);
  }
  return found;
}

const valuesOf = (events: readonly ScanEvent[], list: string): unknown[] =>
  events.flatMap((event) => (event.kind === "record" && event.list === list ? [event.value] : []));
const linksOf = (events: readonly ScanEvent[]): Record<string, unknown> =>
  Object.fromEntries(
    events.flatMap((event) => (event.kind === "entry" ? [[event.key, event.value]] : [])),
  );
const damages = (events: readonly ScanEvent[]) =>
  events.flatMap((event) => (event.kind === "damage" ? [event] : []));

function expectWhole(events: readonly ScanEvent[], state: PythonState): void {
  expect(damages(events)).toEqual([]);
  expect(valuesOf(events, "signals")).toEqual(state.signals);
  expect(valuesOf(events, "generated_intakes")).toEqual(state.generated_intakes);
  expect(linksOf(events)).toEqual(state.signal_intake_map);
  expect(events.at(-1)).toMatchObject({ kind: "end", truncated: false });
}

const state = pythonState(25);

describe("a state that is whole", () => {
  test.each([0, 1, 4])("is read record by record, indented by %i", async (indent) => {
    const text = JSON.stringify(state, null, indent);
    const events = await scan(text);
    expectWhole(events, state);
    for (const event of events) {
      if (event.kind !== "record") continue;
      const there = Buffer.from(text).subarray(event.offset, event.end).toString();
      expect(JSON.parse(there)).toEqual(event.value);
    }
  });

  test("may begin with a byte order mark, end without a newline, and have names in any order", async () => {
    const { signals, generated_intakes, signal_intake_map } = state;
    const other = { version: 3, signal_intake_map, generated_intakes, note: ["x", {}], signals };
    expectWhole(await scan(`\ufeff${JSON.stringify(other)}`), state);
    expectWhole(await scan(`${JSON.stringify(other, null, 2)}\n \n`), state);
  });

  test("may lie within an envelope, or be a bare list", async () => {
    const envelope = { format_version: 1, counts: { signals: 25 }, sha256: "x", state };
    expectWhole(await scan(JSON.stringify(envelope)), state);
    expect(valuesOf(await scan(JSON.stringify(state.signals)), "signals")).toEqual(state.signals);
  });

  test("may be empty", async () => {
    for (const text of [
      "",
      " \n",
      "{}",
      '{"signals": [], "signal_intake_map": {}}',
      '{"signals":null}',
    ]) {
      expect(await scan(text)).toEqual([
        expect.objectContaining({ kind: "end", truncated: false }),
      ]);
    }
  });

  test("is the same however few bytes come at a time", async () => {
    const bytes = Buffer.from(JSON.stringify(pythonState(5), null, 1));
    const expected = await scan(bytes);
    for (const length of [1, 7, 64, 1000]) {
      const drop = {
        ...bytesSource("state", bytes),
        read: async (offset: number) => bytes.subarray(offset, offset + length),
      };
      expect(await scan(bytes, drop)).toEqual(expected);
    }
  });
});

describe("damage", () => {
  /** What damage usually does to JSON. */
  const bytes = [0x22, 0x7b, 0x7d, 0x2c, 0x3a, 0x5b, 0x5d, 0x5c, 0x0a, 0x20, 0x41, 0xff, 0x00];
  const flip = fc.tuple(fc.nat(), fc.constantFrom(...bytes));
  const small = pythonState(14);
  const known = new Set(
    [...small.signals, ...small.generated_intakes].map((value) => JSON.stringify(value)),
  );

  function lossOf(events: readonly ScanEvent[]) {
    const records = events.flatMap((event) => (event.kind === "record" ? [event.value] : []));
    const exact = new Set(
      records.map((value) => JSON.stringify(value)).filter((text) => known.has(text)),
    );
    return { lost: known.size - exact.size, altered: records.length - exact.size };
  }

  test.each([0, 2])(
    "of one byte costs at most one record, and never without a word (indent %i)",
    async (indent) => {
      const text = Buffer.from(JSON.stringify(small, null, indent));
      await fc.assert(
        fc.asyncProperty(flip, async ([place, code]) => {
          const damaged = Buffer.from(text);
          damaged[place % damaged.length] = code;
          const events = await scan(damaged);
          const { lost, altered } = lossOf(events);
          expect(lost).toBeLessThanOrEqual(1);
          expect(lost).toBeLessThanOrEqual(altered + damages(events).length);
          expect(events.at(-1)?.kind).toBe("end");
        }),
        { numRuns: 500 },
      );
    },
  );

  test("of many bytes costs at most as many records", async () => {
    const text = Buffer.from(JSON.stringify(small));
    await fc.assert(
      fc.asyncProperty(fc.array(flip, { minLength: 2, maxLength: 6 }), async (flips) => {
        const damaged = Buffer.from(text);
        for (const [place, code] of flips) damaged[place % damaged.length] = code;
        const events = await scan(damaged);
        const { lost, altered } = lossOf(events);
        expect(lost).toBeLessThanOrEqual(flips.length * 2);
        expect(lost === 0 || altered + damages(events).length > 0).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  test("of a list's name and of its first record's costs that record, and not without a word", async () => {
    const text = Buffer.from(
      JSON.stringify(small).replace('"signals"', '"}ignals"').replace('"signal_id"', '"{ignal_id"'),
    );
    const events = await scan(text);
    expect(valuesOf(events, "signals")).toEqual(small.signals.slice(1));
    const [damage] = damages(events);
    expect(damages(events)).toHaveLength(1);
    const passed = text.subarray(damage?.offset, damage?.end).toString();
    expect(JSON.parse(passed)).toHaveProperty("{ignal_id", small.signals[0]?.signal_id);
    expect(Buffer.from(damage?.bytes ?? []).toString()).toBe(passed);
  });

  test("tells the places in order, and every byte that it passes over", async () => {
    const text = JSON.stringify(small);
    const cut = text.replace('"severity":"high"', '"severity:"high"');
    const events = await scan(cut);
    const [damage] = damages(events);
    expect(damages(events)).toHaveLength(1);
    expect(damage?.reason).toMatch(/^a colon is missing \(\d+ bytes on\)$/);
    const lost = small.signals[2];
    const passed = Buffer.from(cut).subarray(damage?.offset, damage?.end).toString();
    expect(passed).toBe(`${JSON.stringify(lost).replace('"severity":', '"severity:')},`);
    expect(Buffer.from(damage?.bytes ?? []).toString()).toBe(passed);
    const places = events.map(({ offset, end }) => [offset, end]).flat();
    expect(places).toEqual(places.toSorted((one, other) => one - other));
  });

  test("of 64 KiB in the middle costs what stood there and no more", async () => {
    const large = pythonState(400);
    const text = Buffer.from(JSON.stringify(large));
    const from = 100_000;
    for (const filling of [0x00, 0x22, 0x7b, 0x5b, 0xe2]) {
      const damaged = Buffer.from(text).fill(filling, from, from + 65_536);
      const events = await scan(damaged);
      const length = JSON.stringify(large.signals[0]).length;
      const kept = valuesOf(events, "signals").length;
      expect(kept).toBeGreaterThanOrEqual(400 - Math.ceil(65_536 / (length - 10)) - 2);
      expect(valuesOf(events, "generated_intakes")).toEqual(large.generated_intakes);
      expect(damages(events)).toHaveLength(1);
    }
  });

  test("a file that is cut off gives all records before the cut, and says that it is cut off", async () => {
    const text = Buffer.from(JSON.stringify(state, null, 2));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: text.length - 3 }), async (length) => {
        const events = await scan(text.subarray(0, length));
        const whole = (await scan(text)).filter(
          (event) => event.kind === "record" && event.end <= length,
        );
        expect(events.filter(({ kind }) => kind === "record")).toEqual(whole);
        expect(events.at(-1)).toMatchObject({ kind: "end", truncated: true });
      }),
      { numRuns: 60 },
    );
  });

  test("a file whose last record is damaged is cut off only where its end is missing too", async () => {
    const text = JSON.stringify({ signals: state.signals });
    const last = JSON.stringify(state.signals.at(-1));
    const damaged = text.replace(last, last.replace('"low"', '"lo\nw"'));
    expect(damaged).not.toBe(text);
    const ended = async (content: string) => (await scan(content)).at(-1);
    expect(await ended(damaged)).toMatchObject({ truncated: false });
    expect(await ended(`${damaged}\n`)).toMatchObject({ truncated: false });
    for (const missing of [1, 3, 40]) {
      expect(await ended(damaged.slice(0, -missing))).toMatchObject({ truncated: true });
    }
    expect(await ended(damaged.slice(0, damaged.lastIndexOf("lo\nw") + 10))).toMatchObject({
      truncated: true,
    });
  });

  test("what is no JSON at all, or far too deep, ends and says so", async () => {
    const noise = "{".repeat(20_000);
    for (const text of ["hello", noise, "[".repeat(5000), '"', "\u0000\u0001", "{{}}{}{"]) {
      const events = await scan(text);
      expect(damages(events).length).toBeGreaterThan(0);
      expect(valuesOf(events, "signals")).toEqual([]);
    }
  });
});
