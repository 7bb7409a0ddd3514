import { describe, expect, test } from "vitest";
import { environmentSecret } from "./secrets.ts";

const owner = 'connector "shop"';

describe("a secret that settings name by its variable", () => {
  test("is what the variable holds, without the spaces around it", () => {
    expect(environmentSecret({ KEY: " s3cret-value\n" }, "KEY", owner)).toBe("s3cret-value");
  });

  test.each([undefined, "", " \n"])("is missed where the variable holds %j", (value) => {
    expect(() => environmentSecret({ KEY: value }, "KEY", owner)).toThrow(
      expect.objectContaining({ code: "config.missing_secret" }),
    );
  });

  test.each(["first-line\nsecond-line", "a\r\nX-Evil: 1", "a\0b", "ключ", "short…ened"])(
    "is refused without being shown where it is no token, as %j is none",
    (value) => {
      const read = () => environmentSecret({ KEY: value }, "KEY", owner);
      expect(read).toThrow(
        expect.objectContaining({
          code: "config.unusable_secret",
          message:
            'What the environment variable KEY holds, which connector "shop" needs, is not one line of printable ASCII.',
        }),
      );
    },
  );

  test("may have any characters but controls where a person made it up", () => {
    const read = (value: string) => environmentSecret({ KEY: value }, "KEY", owner, "password");
    expect(read("größe-ключ")).toBe("größe-ключ");
    expect(() => read("a\r\nb")).toThrow(
      expect.objectContaining({ code: "config.unusable_secret" }),
    );
  });
});
