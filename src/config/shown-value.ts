import { isJsonObject, type JsonObject, type JsonValue } from "../base/json.ts";
import type { Leaf } from "./leaves.ts";

/** Servers' variables and headers may be keys; who explains the settings must not show them. */
export function shownValue(leaf: Leaf, value: JsonValue): JsonValue {
  if (leaf.name === "learning.store" && typeof value === "string") return withoutPassword(value);
  if (leaf.name !== "mcpServers" || !isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, server]) => {
      if (!isJsonObject(server)) return [name, server];
      const hidden = ["env", "headers"].flatMap((part) => {
        const values = server[part];
        return isJsonObject(values) ? [[part, withoutValues(values)]] : [];
      });
      return [name, { ...server, ...Object.fromEntries(hidden) }];
    }),
  );
}

function withoutValues(values: JsonObject): JsonObject {
  return Object.fromEntries(Object.keys(values).map((key) => [key, "[hidden]"]));
}

function withoutPassword(address: string): string {
  if (!URL.canParse(address)) return "[hidden]";
  const url = new URL(address);
  if (url.password !== "") url.password = "hidden";
  if (url.searchParams.has("password")) url.searchParams.set("password", "hidden");
  return url.href;
}
