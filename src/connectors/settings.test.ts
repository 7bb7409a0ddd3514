import { describe, expect, test } from "vitest";
import { connectorSettings } from "./settings.ts";

/** Each kind's least settings, and the field that holds an address. */
const kinds: readonly (readonly [field: string, settings: Readonly<Record<string, unknown>>])[] = [
  ["baseUrl", { kind: "http" }],
  ["checkUrl", { kind: "web" }],
  ["baseUrl", { kind: "search", provider: "searxng" }],
  ["baseUrl", { kind: "search", provider: "brave", tokenVariable: "KEY" }],
  ["baseUrl", { kind: "slack", tokenVariable: "KEY", channels: ["#ops"] }],
  ["baseUrl", { kind: "discord", tokenVariable: "KEY", channels: ["9"] }],
  ["baseUrl", { kind: "telegram", tokenVariable: "KEY", chats: ["9"] }],
  ["url", { kind: "webhook", secretVariable: "KEY" }],
  ["baseUrl", { kind: "speech", speakModel: "m" }],
  ["baseUrl", { kind: "vision", model: "m" }],
];
const messages = (settings: unknown): readonly string[] =>
  connectorSettings
    .safeParse(settings)
    .error?.issues.map(
      (issue) => (issue.code === "invalid_key" ? issue.issues[0] : issue)?.message ?? "",
    ) ?? [];

describe.each(kinds)("the %s of %j", (field, settings) => {
  test("takes an address", () => {
    expect(messages({ ...settings, [field]: "http://127.0.0.1:8080/v1" })).toEqual([]);
  });

  test.each(["https://ann:swordfish@a.example/", "https://swordfish@a.example/"])(
    "does not take the credentials in %s, which no request could hold",
    (address) => {
      const [message, ...others] = messages({ ...settings, [field]: address });
      expect(others).toEqual([]);
      expect(message).toContain("Must hold no name and no password");
    },
  );

  test.each(["ftp://a.example/", "a.example", ""])(
    "says what it takes instead of %j",
    (address) => {
      const [message] = messages({ ...settings, [field]: address });
      expect(message).toBe("Must be an address that begins with http:// or https://");
    },
  );
});

describe("the headers of an interface over HTTP", () => {
  const http = { kind: "http", baseUrl: "https://a.example/" };
  const variable = "KEY";

  test("are names and single lines", () => {
    const headers = { "X-Client": "agent33\t(Zürich)", accept: "text/csv" };
    expect(messages({ ...http, headers, secretHeaders: { authorization: variable } })).toEqual([]);
  });

  test.each(["a\r\nX-Evil: 1", "a\nb", "a\0b", "…"])("do not take the value %j", (value) => {
    expect(messages({ ...http, headers: { "x-client": value } })).toEqual([
      "Must be one line of characters that a header can have",
    ]);
  });

  test.each(["Host", "content-length", "Transfer-Encoding", "connection"])(
    "leave %s to the connection",
    (name) => {
      for (const field of ["headers", "secretHeaders"])
        expect(messages({ ...http, [field]: { [name]: variable } })).toEqual([
          "Is set for each request, and cannot be set here",
        ]);
      expect(messages({ ...http, idempotencyHeader: name })).toHaveLength(1);
    },
  );

  test.each(["Authorization", "x-api-key", "Cookie"])(
    "do not take what %s holds, which is a secret",
    (name) => {
      expect(messages({ ...http, headers: { [name]: "Bearer of-the-settings" } })).toEqual([
        `${name} holds a secret: name its environment variable under secretHeaders`,
      ]);
    },
  );

  test("are each set once, however they are spelt", () => {
    const twice = ["x-a is set twice"];
    const secretHeaders = { "x-a": variable };
    expect(messages({ ...http, headers: { "X-A": "1" }, secretHeaders })).toEqual(twice);
    expect(messages({ ...http, idempotencyHeader: "X-a", secretHeaders })).toEqual(twice);
  });
});

describe("a mail server in the settings", () => {
  const mail = { kind: "email", from: "a@a.example", recipients: ["b@a.example"] };

  test.each(["smtp.a.example", "192.0.2.1", "::1", "[::1]"])("is the host %s", (host) => {
    expect(messages({ ...mail, host })).toEqual([]);
  });

  test.each(["smtp.a.example\r\nRSET", "a b", "smtp://a.example", "a.example:25", ""])(
    "is not %j",
    (host) => {
      expect(messages({ ...mail, host })).toEqual(["Must be a host, such as smtp.example.org"]);
    },
  );

  test("gets a user's name of one line", () => {
    const login = { host: "a.example", passwordVariable: "KEY" };
    expect(messages({ ...mail, ...login, user: "ann müller" })).toEqual([]);
    expect(messages({ ...mail, ...login, user: "ann\r\nRSET" })).toEqual([
      "Must be one line that is not empty",
    ]);
  });
});
