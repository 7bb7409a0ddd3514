import fc from "fast-check";
import { expect, test } from "vitest";
import { createSeenIds } from "./seen-ids.ts";

test("remembers every id and whether its content was the same, as a map would", () => {
  const id = fc.integer({ min: 0, max: 3000 }).map(String);
  const content = fc.integer({ min: 0, max: 2 }).map((value) => Buffer.from(String(value)));
  fc.assert(
    fc.property(fc.array(fc.tuple(id, content), { maxLength: 5000, size: "max" }), (records) => {
      const seen = createSeenIds();
      const model = new Map<string, string>();
      for (const [id, content] of records) {
        const known = model.get(id);
        const text = content.toString();
        const expected = known === undefined ? "new" : known === text ? "same" : "other";
        expect(seen.has(id)).toBe(known !== undefined);
        expect(seen.add(id, content)).toBe(expected);
        if (known === undefined) model.set(id, text);
      }
    }),
    { numRuns: 10 },
  );
});
