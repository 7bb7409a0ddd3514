import type { Problem } from "./operations.ts";

/** What the client itself can say; all other codes are the server's. */
export type ClientCode =
  | "client.aborted"
  | "client.not_an_answer"
  | "client.timeout"
  | "client.unreachable";

const words: Readonly<Record<ClientCode, Pick<Problem, "title" | "hint" | "retryable">>> = {
  "client.aborted": {
    title: "Given up",
    hint: "Nobody waits for the answer any more; what was asked for may still be done.",
    retryable: true,
  },
  "client.not_an_answer": {
    title: "Not an answer",
    hint: "Check that the address is that of agent33 serve, and what stands between here and there.",
    retryable: false,
  },
  "client.timeout": {
    title: "No answer in time",
    hint: "Check the network, and that agent33 serve still answers (GET /health/live). What was asked to change something may have been done: look before you ask again.",
    retryable: true,
  },
  "client.unreachable": {
    title: "Not reachable",
    hint: "Check that agent33 serve runs at this address, and that the network is there.",
    retryable: true,
  },
};

/** A problem that no server told. Its status is 0. @param detail what was wrong */
export function clientProblem(code: ClientCode, detail: string): Problem {
  const instance = "urn:agent33:client";
  return { type: `urn:agent33:error:${code}`, status: 0, detail, instance, code, ...words[code] };
}

/** The problem of a response that is no success; one that is told in no known form is said as such. */
export async function problemIn(response: Response): Promise<Problem> {
  const isProblem = response.headers.get("content-type")?.includes("application/problem+json");
  if (isProblem === true) {
    const told: unknown = await response.json();
    if (isProblemData(told)) return told;
  } else {
    await response.body?.cancel();
  }
  const { status, statusText } = response;
  const detail = `The answer is ${status}${statusText === "" ? "" : ` ${statusText}`}, and no problem as the API tells them.`;
  // What stands between may be away for a moment.
  const retryable = status === 429 || status >= 502;
  return { ...clientProblem("client.not_an_answer", detail), status, retryable };
}

/**
 * What was thrown on the way, as a problem.
 * @param signal what may have ended it
 * @param timeoutMs milliseconds that the whole answer had; undefined where only silence ended it
 */
export function problemOfThrown(
  thrown: unknown,
  signal: AbortSignal | undefined,
  timeoutMs?: number,
): Problem {
  if (signal?.aborted === true) {
    const { reason } = signal as { readonly reason: unknown };
    if (!(reason instanceof DOMException) || reason.name !== "TimeoutError") {
      return clientProblem("client.aborted", "The call was given up.");
    }
    const time = timeoutMs === undefined ? "any more" : `within ${timeoutMs / 1_000} seconds`;
    return clientProblem("client.timeout", `The server did not answer ${time}.`);
  }
  if (thrown instanceof SyntaxError) {
    return clientProblem("client.not_an_answer", `The answer is no JSON: ${thrown.message}`);
  }
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return clientProblem("client.unreachable", `The server cannot be reached: ${reason}`);
}

function isProblemData(told: unknown): told is Problem {
  return (
    typeof told === "object" &&
    told !== null &&
    "code" in told &&
    typeof told.code === "string" &&
    "detail" in told &&
    typeof told.detail === "string"
  );
}
