import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addressBelow } from "./base-url.ts";

const base = "https://api.example.org/v1";

describe("an address below a base", () => {
  test.each([
    ["", "https://api.example.org/v1"],
    ["/items/42", "https://api.example.org/v1/items/42"],
    ["items?page=2&q=a%20b", "https://api.example.org/v1/items?page=2&q=a%20b"],
    ["//other.example/x", "https://api.example.org/v1/other.example/x"],
    ["https://other.example/x", "https://api.example.org/v1/https://other.example/x"],
    ["items/100%", "https://api.example.org/v1/items/100%"],
    ["a..b/..c/%2E%2Ed", "https://api.example.org/v1/a..b/..c/%2E%2Ed"],
    ["a b#c", "https://api.example.org/v1/a%20b%23c"],
  ])("%j stays below it", (path, url) => {
    expect(addressBelow(base, path).href).toBe(url);
  });

  test.each([
    "../admin",
    "/x/../../admin",
    "%2e%2e/admin",
    "..%2fadmin",
    "x/..\\..\\admin",
    "..%5cadmin",
    // A lone percent sign beside it.
    "..%2f..%2fadmin/%",
    // The URL parser drops tabs and line breaks.
    ".\t.%2fadmin",
    ".\n.%5cadmin",
    // A proxy decodes once, and what stands behind it once more.
    "%252e%252e%252fadmin",
    // Servers of servlets drop a segment's parameters before they resolve it.
    "..;/admin",
    "x/..;a=b/..%3b/admin",
  ])("%j is refused", (path) => {
    expect(() => addressBelow(base, path)).toThrow(
      expect.objectContaining({ code: "http.outside_base" }),
    );
  });

  test("no path leads out of the base's folder, or to a sibling that begins like it", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom("..", ".", "/", "\\", "%2e", "%2f", "%", "@", ":", "v1", "x", "?", "#"),
          {
            maxLength: 12,
          },
        ),
        (pieces) => {
          let url: URL;
          try {
            url = addressBelow(base, pieces.join(""));
          } catch (error) {
            expect(error).toMatchObject({ code: "http.outside_base" });
            return;
          }
          expect(url.origin).toBe("https://api.example.org");
          expect(`${url.pathname}/`.startsWith("/v1/")).toBe(true);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
