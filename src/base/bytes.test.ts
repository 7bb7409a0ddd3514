import { expect, test } from "vitest";
import { formatBytes } from "./bytes.ts";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [1536, "1.5 kB"],
  [123_456, "123 kB"],
  [999_499, "999 kB"],
  [999_500, "1.0 MB"],
  [8_400_000_000, "8.4 GB"],
])("%i bytes are %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});
