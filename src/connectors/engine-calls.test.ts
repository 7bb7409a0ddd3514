import { expect, test } from "vitest";
import { settingsSchema } from "../config/schema.ts";
import { engineCalls } from "./engine-calls.ts";

const http = { kind: "http", baseUrl: "https://api.example.org" } as const;

test.each(Object.values(engineCalls))(
  "no connector in the settings can have the id %s, and with it its breaker and limits",
  (id) => {
    const [surface = "", name = ""] = id.split(":");
    expect(surface).toBe(http.kind);
    expect(settingsSchema.safeParse({ connectors: { usual: http } }).success).toBe(true);
    expect(settingsSchema.safeParse({ connectors: { [name]: http } }).success).toBe(false);
  },
);
