import type * as library from "@cedar-policy/cedar-wasm/nodejs";
import { Agent33Error, messageOf } from "../../../base/errors.ts";

/** The part of Cedar's own parser that importing needs. */
export type Cedar = Pick<typeof library, "policySetTextToParts" | "policyToJson">;

/**
 * Cedar's own parser. It is an optional package of 4 MB that only importing uses, so it is loaded
 * when it is needed.
 * @throws Agent33Error `policy.cedar_missing`
 */
export async function loadCedar(): Promise<Cedar> {
  try {
    return await import("@cedar-policy/cedar-wasm/nodejs");
  } catch (cause) {
    throw new Agent33Error(
      "policy.cedar_missing",
      `Cedar's parser cannot be loaded: ${messageOf(cause)}`,
      { hint: "Install it beside agent33: npm install @cedar-policy/cedar-wasm", cause },
    );
  }
}
