import { expect, test } from "vitest";
import { settingsSchema } from "../config/schema.ts";
import { secretRedactor } from "./redactor.ts";

test("what a server's variable holds is kept out of what is written", () => {
  const settings = settingsSchema.parse({
    mcpServers: { notes: { command: "x", env: { AUTH: "Basic ${NOTES_TOKEN}" } } },
  });
  const redactor = secretRedactor(settings, { NOTES_TOKEN: "sekret-0123456789" });
  expect(redactor.text("sent Basic sekret-0123456789")).not.toContain("sekret");
  expect(redactor.text("it is sekret-0123456789")).not.toContain("sekret");
});

test("what stands in the environment under the name of a secret is kept out, places are not", () => {
  const settings = settingsSchema.parse({
    telemetry: { otlp: { url: "http://c.test/v1/traces", secretHeaders: { "x-a": "COLLECTOR" } } },
  });
  const redactor = secretRedactor(settings, {
    DEPLOY_PASSWORD: "not-for-anybody-1",
    COLLECTOR: "not-for-anybody-2",
    DATABASE_URL: "postgres://me:not-for-anybody-3@db.test/x",
    SSL_KEY_FILE: "/etc/ssl/a-long-place.pem",
  });
  for (const one of [1, 2, 3]) {
    expect(redactor.text(`it is not-for-anybody-${one}`)).toMatch(/^it is \[secret:\w+\]$/);
  }
  expect(redactor.text("/etc/ssl/a-long-place.pem")).toBe("/etc/ssl/a-long-place.pem");
});
