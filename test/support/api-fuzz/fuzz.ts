import { Ajv2020 } from "ajv/dist/2020.js";
import { isJsonObject, type JsonObject } from "../../../src/base/json.ts";
import { seededRandom } from "../../../src/base/random.ts";
import { openApi } from "../../../src/http/openapi.ts";
import type { Route } from "../../../src/http/route.ts";
import { allRoutes } from "../../../src/http/routes/all.ts";
import { scopes } from "../../../src/http/scopes.ts";
import { type FuzzRequest, operationOf, requestsOf } from "./requests.ts";
import { type FuzzWorld, hiddenSkill, marker, openWorld } from "./world.ts";

/** What a fuzz of the API saw. */
export interface FuzzReport {
  readonly operations: number;
  readonly requests: number;
  readonly statuses: Readonly<Record<string, number>>;
  /** What must not be, each with how it was asked for. */
  readonly faults: readonly string[];
}

/** A stream is looked at this long. */
const streamMs = 50;

/**
 * Asks every operation of the API for what its reference says and for what it does not.
 * @param asking the tenant that asks; `home` runs the installation, `one` does not
 * @param rounds how often each operation is asked in each way
 */
export async function fuzzApi(
  asking: "home" | "one",
  rounds: number,
  seed: number,
): Promise<FuzzReport> {
  const document = openApi(allRoutes);
  const world = await openWorld(asking, Object.keys(scopes));
  const random = seededRandom(seed);
  const faultIn = answerChecker(document, asking === "home" ? [marker] : [marker, hiddenSkill]);
  const faults: string[] = [];
  const statuses: Record<string, number> = {};
  let requests = 0;
  try {
    for (let round = 0; round < rounds; round += 1) {
      for (const route of allRoutes) {
        for (const request of requestsOf(route, document, world, random)) {
          const { status, text, type } = await ask(request, world);
          requests += 1;
          statuses[status] = (statuses[status] ?? 0) + 1;
          const fault = faultIn(route, request, { status, text, type });
          if (fault === undefined) continue;
          const said = status >= 500 ? ` (${world.warnings.at(-1) ?? ""})` : "";
          const asked = `${request.method} ${request.url.slice(0, 300)} ${shownBody(request)}`;
          faults.push(`${route.name}, ${request.kind}: ${fault}${said}: ${asked}`);
        }
      }
    }
  } finally {
    await world.close();
  }
  return { operations: allRoutes.length, requests, statuses, faults };
}

interface Answered {
  readonly status: number;
  readonly text: string;
  readonly type: string;
}

async function ask(request: FuzzRequest, { app }: FuzzWorld): Promise<Answered> {
  const { method, headers, body, url } = request;
  const response = await app.request(url, {
    method,
    headers: Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== "")),
    ...(body === undefined ? {} : { body: body }),
  });
  const type = response.headers.get("content-type")?.split(";")[0] ?? "";
  const text = type === "text/event-stream" ? await beginning(response) : await response.text();
  return { status: response.status, text, type };
}

async function beginning({ body }: Response): Promise<string> {
  const reader = body?.getReader();
  const over = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), streamMs));
  const first = await Promise.race([reader?.read(), over]);
  await reader?.cancel();
  return first?.value === undefined ? "" : new TextDecoder().decode(first.value);
}

/** @param secrets what nobody who asks may be told */
function answerChecker(document: JsonObject, secrets: readonly string[]) {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(document, "api");
  const known = new Map<string, (value: unknown) => boolean>();
  const fits = (route: Route, { status, type }: Answered, value: unknown): boolean => {
    const steps = ["paths", route.path, route.method.toLowerCase(), "responses", String(status)];
    const pointer = [...steps, "content", type, "schema"]
      .map((step) => encodeURIComponent(step.replaceAll("~", "~0").replaceAll("/", "~1")))
      .join("/");
    const check = known.get(pointer) ?? ajv.compile({ $ref: `api#/${pointer}` });
    known.set(pointer, check);
    return check(value);
  };
  return (route: Route, request: FuzzRequest, answer: Answered): string | undefined => {
    const { status, text, type } = answer;
    // Where another side is asked, what that did wrong is said as its own fault.
    if (status >= 500 && route.problems?.includes(status) !== true) return `status ${status}`;
    // Who runs the installation takes all of its store away: nobody else gets anything of that.
    const isAll = route.name === "exportStore" && status === 200;
    if (isAll && secrets.includes(hiddenSkill)) return "the whole store";
    if (!isAll && secrets.some((secret) => text.includes(secret))) {
      return "what belongs to the other tenant";
    }
    if (request.only !== undefined && !request.only.includes(status)) {
      return `status ${status}, not ${request.only.join(" or ")}`;
    }
    const responses = operationOf(route, document)["responses"];
    const said = isJsonObject(responses) ? responses[String(status)] : undefined;
    // A name in a path that makes it another path leads to another operation.
    const elsewhere = status === 404 && text.includes("api.not_found");
    if (elsewhere || status === 405) return undefined;
    if (!isJsonObject(said)) return `status ${status}, which the reference does not have`;
    if (!type.endsWith("json")) return undefined;
    const values = type === "application/x-ndjson" ? text.trim().split("\n") : [text];
    const odd = values.find((one) => !fits(route, answer, JSON.parse(one)));
    return odd === undefined
      ? undefined
      : `an answer of ${status} in no form of it: ${odd.slice(0, 300)}`;
  };
}

function shownBody({ body }: FuzzRequest): string {
  return typeof body === "string" ? body.slice(0, 400) : "";
}
