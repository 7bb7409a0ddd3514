import { isBoundaryError } from "../../boundary/errors.ts";

/**
 * What a check that only asks for an address tells: `host answers (status)`. That there is nothing
 * under the address is an answer like any other; whatever else was thrown is thrown again.
 */
export async function reached(host: string, asking: Promise<Response>): Promise<string> {
  const { status } = await asking.catch(answered);
  return `${host} answers (${status})`;
}

/** Statuses that say no more than that the address is no resource of its own. */
const noResource: readonly (number | undefined)[] = [301, 302, 303, 307, 308, 404, 405];

function answered(error: unknown): { readonly status: number | undefined } {
  if (isBoundaryError(error) && noResource.includes(error.status)) return error;
  throw error;
}
