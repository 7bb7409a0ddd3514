import { expect, test } from "vitest";
import { createRedactor } from "./redact.ts";

test("a registered secret becomes a named placeholder wherever it stands", () => {
  const redactor = createRedactor();
  redactor.register("BANK", "hunter2hunter2");
  expect(redactor.text("key=hunter2hunter2;")).toBe("key=[secret:BANK];");
  expect(redactor.value({ list: [{ text: "hunter2hunter2" }] })).toEqual({
    list: [{ text: "[secret:BANK]" }],
  });
});

test("credentials that nobody registered are known by their shape", () => {
  const redactor = createRedactor();
  const samples = [
    `sk-${"a1".repeat(20)}`,
    `ghp_${"A1".repeat(18)}`,
    `AKIA${"A1".repeat(8)}`,
    `xoxb-${"12345".repeat(2)}`,
    `-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----`,
  ];
  for (const sample of samples)
    expect(redactor.text(`x ${sample} y`)).toMatch(/^x \[secret:[a-z-]+\] y$/);
  expect(redactor.text(`Authorization: Bearer ${"t0".repeat(12)}`)).toBe(
    "Authorization: Bearer [secret:bearer]",
  );
});

test("values under names that hold secrets are hidden, ordinary text is not touched", () => {
  const redactor = createRedactor();
  expect(
    redactor.value({ password: "abc", Authorization: "Basic x", passwords_changed: "no" }),
  ).toEqual({
    password: "[secret]",
    Authorization: "[secret]",
    passwords_changed: "no",
  });
});

test("a value too short to be a secret is not registered", () => {
  const redactor = createRedactor();
  redactor.register("X", "the");
  expect(redactor.text("the end")).toBe("the end");
});
