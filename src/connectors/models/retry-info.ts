import { z } from "zod";

/** Google's errors (google.rpc.Status); a duration in JSON is seconds with an `s` behind them. */
const statusSchema = z.object({
  error: z.object({
    details: z.array(
      z.object({
        retryDelay: z
          .string()
          .regex(/^\d+(?:\.\d+)?s$/)
          .optional()
          .catch(undefined),
      }),
    ),
  }),
});

/** How long the body of an error asks to wait, in milliseconds: Google has no header for it. */
export function retryInfoMs(body: string | undefined): number | undefined {
  const status = statusSchema.safeParse(jsonOf(body));
  if (!status.success) return undefined;
  const delays = status.data.error.details.map(({ retryDelay }) => retryDelay);
  const delay = delays.find((one) => one !== undefined);
  return delay === undefined ? undefined : Math.ceil(Number.parseFloat(delay) * 1_000);
}

function jsonOf(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    // A proxy's page is no status: that nothing can be read of it is the answer.
    return undefined;
  }
}
