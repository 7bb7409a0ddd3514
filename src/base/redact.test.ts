import fc from "fast-check";
import { expect, test } from "vitest";
import { createRedactor } from "./redact.ts";

test("a registered secret becomes a named placeholder wherever it stands, and is not given out", () => {
  const redactor = createRedactor();
  redactor.register("BANK", "hunter2hunter2");
  expect(redactor.text("key=hunter2hunter2;")).toBe("key=[secret:BANK];");
  expect(redactor.value({ list: [{ text: "hunter2hunter2" }] })).toEqual({
    list: [{ text: "[secret:BANK]" }],
  });
  expect(redactor.reveal("key=[secret:BANK];")).toBe("key=[secret:BANK];");
  expect(redactor.withheld("key=[secret:BANK];")).toBe("[secret:BANK]");
});

test("credentials that nobody registered are known by their shape", () => {
  const redactor = createRedactor();
  const samples = [
    `sk-${"a1".repeat(20)}`,
    `ghp_${"A1".repeat(18)}`,
    `AKIA${"A1".repeat(8)}`,
    `xoxb-${"12345".repeat(2)}`,
    "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----",
  ];
  for (const sample of samples) {
    const hidden = redactor.text(`x ${sample} y`);
    expect(hidden).toMatch(/^x \[secret:[a-z-]+:[0-9a-f]{8}\] y$/);
    expect(redactor.reveal(hidden)).toBe(`x ${sample} y`);
  }
  const header = redactor.text(`Authorization: Bearer ${"t0".repeat(12)}`);
  expect(header).toMatch(/^Authorization: Bearer \[secret:bearer:[0-9a-f]{8}\]$/);
});

test("a placeholder from another process is known to be lost", () => {
  const hidden = createRedactor().text(`sk-${"a1".repeat(20)}`);
  const other = createRedactor();
  expect(other.withheld(`token ${hidden}`)).toBe(hidden);
  expect(other.withheld("[secret:whatever] is just text")).toBeUndefined();
});

test("values under names that hold secrets are hidden, ordinary text is not touched", () => {
  const redactor = createRedactor();
  expect(
    redactor.value({ password: "abc", Authorization: "Basic x", passwords_changed: "no" }),
  ).toEqual({ password: "[secret]", Authorization: "[secret]", passwords_changed: "no" });
});

test("a value short enough to be a word is not taken for a secret", () => {
  const redactor = createRedactor();
  redactor.register("X", "ollama");
  expect(redactor.text("ollama runs")).toBe("ollama runs");
});

test("what looked like a credential can be revealed again, whatever stands around it", () => {
  const word = fc.string().filter((text) => !text.includes("[secret:") && !/[\w-]/.test(text));
  const credential = fc.stringMatching(/^sk-[A-Za-z0-9]{20,40}$/);
  fc.assert(
    fc.property(credential, word, word, (secret, before, after) => {
      const redactor = createRedactor();
      const text = `${before}${secret}${after}`;
      const hidden = redactor.text(text);
      expect(hidden).not.toContain(secret);
      expect(redactor.reveal(hidden)).toBe(text);
    }),
  );
});
