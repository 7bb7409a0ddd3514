import { describe, expect, test } from "vitest";
import { roomOf, windowOf } from "./window.ts";

const model = { contextTokens: 200_000, maxOutputTokens: 8_192 };

describe("a window", () => {
  test("is the model's, less the longest answer", () => {
    const window = windowOf({}, model);
    expect(window).toMatchObject({ tokens: 200_000, source: "model", reserveTokens: 8_192 });
    expect(roomOf(window, undefined).most).toBe(200_000 - 8_192);
  });

  test("is no larger than the settings say, and never larger than the model's", () => {
    expect(windowOf({ maxTokens: 16_000 }, model)).toMatchObject({
      tokens: 16_000,
      source: "settings",
    });
    expect(windowOf({ maxTokens: 900_000 }, model)).toMatchObject({
      tokens: 200_000,
      source: "model",
    });
  });

  test("of a model that nobody knows is a guess that says so", () => {
    const unknown = { contextTokens: undefined, maxOutputTokens: 8_192 };
    expect(windowOf({}, unknown)).toMatchObject({ tokens: 32_768, source: "default" });
    expect(windowOf({}, { ...unknown, isHosted: true })).toMatchObject({ tokens: 128_000 });
    expect(windowOf({ maxTokens: 64_000 }, unknown)).toMatchObject({ source: "settings" });
  });

  test("keeps a quarter for the answer where the longest one would leave too little", () => {
    expect(
      windowOf({ maxTokens: 16_000 }, { ...model, maxOutputTokens: 16_384 }).reserveTokens,
    ).toBe(4_000);
  });

  test("that is all reserve is refused, so that no budget is ever negative", () => {
    expect(() => windowOf({ maxTokens: 4_000, reserve: 5_000 }, model)).toThrow(
      expect.objectContaining({ code: "context.no_room" }),
    );
    const room = roomOf(windowOf({ maxTokens: 4_000, reserve: 2_000 }, model), 1_000);
    expect(room.most).toBe(500);
    expect(room.low).toBeGreaterThan(0);
  });
});
