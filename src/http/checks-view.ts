import { z } from "zod";
import type { ErrorData } from "../base/errors.ts";

/** An error as data, where it is part of an answer and not the answer itself. */
export const errorData = z
  .strictObject({
    code: z.string(),
    message: z.string(),
    hint: z.string().exactOptional(),
    retryable: z.boolean(),
  })
  .meta({ id: "ErrorData" });

/** An error without its details and its cause, which speak of the server's machine. */
export function errorView({
  code,
  message,
  hint,
  retryable,
}: ErrorData): z.input<typeof errorData> {
  return { code, message, ...(hint === undefined ? {} : { hint }), retryable };
}

/** The same where there may be none. */
export function errorOrNull(error: ErrorData | null): z.input<typeof errorData> | null {
  return error === null ? null : errorView(error);
}

/** What came of looking whether some things work. @param more what tells them apart besides */
export function checksOf<Fields extends z.ZodRawShape>(id: string, more: Fields) {
  return z
    .strictObject({
      ok: z.boolean().describe("whether none of them failed"),
      items: z.array(
        z.strictObject({
          ...more,
          name: z.string(),
          state: z.enum(["ok", "failed", "not checked"]),
          detail: z.string(),
          error: errorData.nullable(),
        }),
      ),
    })
    .meta({ id });
}
