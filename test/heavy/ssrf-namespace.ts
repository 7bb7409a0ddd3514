import { setTimeout as pause } from "node:timers/promises";
import { EnvHttpProxyAgent, fetch as undiciFetch } from "undici";
import { testPrincipal } from "../support/boundary.ts";
import {
  connectionsEnd,
  controls,
  dispatcherAlone,
  governed,
  governedTry,
  type Try,
} from "./ssrf-contenders.ts";
import { createEgress } from "../../src/boundary/egress/fetch.ts";
import { egressGuardState, egressRefusals, runAsCall } from "../../src/boundary/egress/guard.ts";
import { insideAddresses, publicPlaces, type Vector, vectors, zone } from "./ssrf-vectors.ts";
import { type Arrival, makeWorld } from "./ssrf-world.ts";

/**
 * The matrix itself. Runs as root of a network and mount namespace of its own, made by ssrf.ts.
 * Its last line says how much passed and failed.
 */
if (egressGuardState() !== "on") throw new Error("The egress guard is not on.");
/** For what goes without the boundary on purpose, or with a part of it: as a handler would. */
const inACall = <T>(work: () => T): T => runAsCall({ egressOpen: true }, work, undefined);
const world = await inACall(() => makeWorld(zone, insideAddresses));
const egress = createEgress();
const web = governed("web:fetch", egress);
const model = governed("model:local", egress);
const chain = governedTry(web);
const alone: Try = (url) => inACall(() => dispatcherAlone(egress)(url));
const refused = /^boundary\.(?:egress_blocked|policy_denied)$/;
let passed = 0;
let failed = 0;

function report(holds: boolean, what: string, detail: string): void {
  if (holds) passed += 1;
  else failed += 1;
  console.log(`${holds ? "ok    " : "FAILED"} ${what}: ${detail}`);
}

/** What a try said, and which connections came of it. */
async function arrivalsOf(
  run: () => Promise<string>,
): Promise<readonly [string, readonly Arrival[]]> {
  world.resetNames();
  const before = world.arrivals.length;
  const said = await run();
  // A connection is noted by the server a moment after the client has it.
  await pause(3);
  return [said, world.arrivals.slice(before)];
}

function times(attempt: Try, { url, times: count = 1 }: Vector): () => Promise<string> {
  return async () => {
    const answers: string[] = [];
    for (let turn = 0; turn < count; turn += 1) {
      if (turn > 0) await connectionsEnd();
      answers.push(await attempt(url));
    }
    return answers.join(" ");
  };
}

const inside = (arrivals: readonly Arrival[]) => arrivals.filter(({ isPublic }) => !isPublic);
const written = (url: string) => JSON.stringify(url).slice(1, -1);

let heading = "";
for (const vector of vectors) {
  if (vector.group !== heading) console.log(`\n${vector.group} (control: ${vector.control})`);
  heading = vector.group;
  const [, byControl] = await arrivalsOf(
    times((url) => inACall(() => controls[vector.control](url)), vector),
  );
  const reached = inside(byControl)[0];
  const [saidChain, byChain] = await arrivalsOf(times(chain, vector));
  const [saidAlone, byAlone] = await arrivalsOf(times(alone, vector));
  const shut = [byChain, byAlone].every((arrivals) => inside(arrivals).length === 0);
  const why = [saidChain, saidAlone].every((said) =>
    said.split(" ").some((one) => refused.test(one)),
  );
  report(
    reached !== undefined && shut && why,
    written(vector.url),
    `without the boundary ${reached === undefined ? "nothing inside was reached" : `reached ${reached.address}`}; ` +
      `with it ${saidChain}; its fetch alone ${saidAlone}${shut ? "" : "; SOMETHING INSIDE WAS REACHED"}`,
  );
}
const blocked = passed;
console.log(
  `\n${blocked} of ${vectors.length} vectors lead inside without the boundary and nowhere with it`,
);

console.log("\npublic places");
for (const [url, address] of publicPlaces) {
  world.resetNames();
  const outcome = await web.tryCall(url, { principal: testPrincipal });
  const went = outcome.record.connectedTo ?? [];
  const right = address === undefined || went.every((place) => place.includes(address));
  report(
    outcome.ok && outcome.value === "200" && went.length > 0 && right,
    written(url),
    outcome.ok ? `${outcome.value} from ${went.join(", ")}` : outcome.error.message,
  );
}

console.log("\nwhat a rule opens");
for (const [url, address] of [
  ["http://127.0.0.1/", "127.0.0.1"],
  ["http://0.0.0.0/", "127.0.0.1"],
  ["http://localhost:8080/", ""],
  ["http://private.test/", "10.1.2.3"],
  ["http://[fd00::9]/", "fd00::9"],
  ["http://first.test/", ""],
] as const) {
  world.resetNames();
  const outcome = await model.tryCall(url, { principal: testPrincipal });
  const went = outcome.record.connectedTo?.join(", ") ?? "nowhere";
  report(outcome.ok && went.includes(address), `a model at ${url}`, `went to ${went}`);
}
const metadata = vectors.filter(({ group }) => group === "metadata");
for (const { url } of metadata) {
  const [said, arrivals] = await arrivalsOf(() => governedTry(model)(url));
  report(refused.test(said) && arrivals.length === 0, `a model at ${url}`, said);
}

console.log("\nthe rest");
{
  const url = "http://private.test/keep";
  const [, first] = await arrivalsOf(() => governedTry(model)(url));
  const [said, second] = await arrivalsOf(() => governedTry(web)(url));
  const requests = world.requests.filter((line) => line.endsWith("/keep")).length;
  report(
    first.length === 1 && second.length === 0 && requests === 1 && refused.test(said),
    "a kept connection of a call that may go inside",
    `not used by one that may not: ${said}`,
  );
}
{
  const [said] = await arrivalsOf(() => governedTry(web)("https://v4.public.test/"));
  report(
    world.serverNames.at(-1) === "v4.public.test",
    "TLS to a public name",
    `server name ${world.serverNames.at(-1)}, ${said}`,
  );
}
{
  process.env["http_proxy"] = "http://10.1.2.3:8080";
  process.env["NODE_USE_ENV_PROXY"] = "1";
  const dispatcher = new EnvHttpProxyAgent();
  const url = "http://v4.public.test/";
  const [, proxied] = await arrivalsOf(async () => {
    const proxying = inACall(() => undiciFetch(url, { dispatcher }));
    const response = await proxying.catch((error: Error) => error);
    return String(response instanceof Error ? response.message : response.status);
  });
  const [said, direct] = await arrivalsOf(() => governedTry(web)(url));
  report(
    inside(proxied).length > 0 && inside(direct).length === 0 && said === "200",
    "a proxy in the environment",
    `used without the boundary, not with it (${said})`,
  );
  await dispatcher.close();
}

// Every refusal above was the boundary's own: the guard had nothing to say about governed calls.
report(egressRefusals() === 0, "the egress guard", `on, and refused ${egressRefusals()}`);

await egress.close();
world.close();
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(0);
