import { expect, test } from "vitest";
import { isAddressLike, withoutPassword } from "./place.ts";

test("what reads like an address is told from a folder, mistyped or not", () => {
  for (const text of [
    "postgres://me:pw@host/db",
    "postgresql://host",
    "POSTGRES://host",
    "postgress://me:pw@host/db",
    "postgres:/me:pw@host/db",
    "postgres:me:pw@host/db",
    "postgres//me:pw@host/db",
    "me:pw@host/db",
    "me:pw@host",
  ]) {
    expect(isAddressLike(text), text).toBe(true);
  }
  for (const text of [
    ".agent33",
    "/data/agent33",
    "postgres",
    "./postgres:x",
    "a@b",
    "work/me:a@b",
  ]) {
    expect(isAddressLike(text), text).toBe(false);
  }
});

test("a password is not shown, whatever is in it and however the address is mistyped", () => {
  for (const [text, shown] of [
    ["postgres://me:pw@host:5432/db", "postgres://me@host:5432/db"],
    ["postgres://me:p/w:x@y@host/db", "postgres://me@host/db"],
    ["postgres//me:pw@host/db", "postgres//me@host/db"],
    ["me:pw@host/db", "me@host/db"],
    ["postgres:me:pw@host/db", "postgres@host/db"],
    ["postgres://host/db?user=me&password=pw&x=1", "postgres://host/db?user=me&password=***&x=1"],
    ["postgres://me@host:5432/db", "postgres://me@host:5432/db"],
    ["/data/a:b", "/data/a:b"],
  ] as const) {
    expect(withoutPassword(text)).toBe(shown);
  }
});
