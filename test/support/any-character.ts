import * as fc from "fast-check";

/**
 * Any character that a well-formed text can have: `fc.string({ unit: anyCharacter })`. The library's
 * own unit "binary" draws the same, but sets up a table of a million entries first.
 */
export const anyCharacter: fc.Arbitrary<string> = fc
  .oneof(
    { weight: 0xd800, arbitrary: fc.integer({ min: 0, max: 0xd7ff }) },
    { weight: 0x102000, arbitrary: fc.integer({ min: 0xe000, max: 0x10ffff }) },
  )
  .map((point) => String.fromCodePoint(point));
