import type { BoundaryCode, Phase } from "../../boundary/errors.ts";

/** What a failure is to the boundary, before the server and the request are named. */
export interface Mapped {
  readonly kind: BoundaryCode;
  readonly says: string;
  readonly phase?: Phase;
  readonly hint?: string;
  readonly retryable?: boolean;
  /** Of the HTTP answer. */
  readonly status?: number;
  /** How long the server asks to wait. Milliseconds. */
  readonly retryAfterMs?: number;
}
