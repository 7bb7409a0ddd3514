import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "../../../src/base/random.ts";
import { type Asked, type Asker, createAsker } from "./asking.ts";
import type { Served } from "./served.ts";
import type { StopWorld } from "./stop-world.ts";

/** What clients saw of a server until it was gone. */
export interface Seen {
  readonly answers: number;
  readonly problems: number;
  readonly refused: number;
  /** Answers that broke off. */
  readonly cut: number;
  readonly faults: readonly string[];
  /** Runs that were acknowledged, by their tags. */
  readonly runs: ReadonlyMap<string, string>;
  /** Keys that were acknowledged. */
  readonly keys: readonly string[];
  /** Tags of runs that were asked for and not answered. */
  readonly unanswered: readonly string[];
}

const askers = 8;

interface Counting {
  answers: number;
  problems: number;
  refused: number;
  cut: number;
  faults: string[];
  runs: Map<string, string>;
  keys: string[];
  unanswered: string[];
}

/** What one client does next, and the tag of the run that it starts, if it does. */
interface Wish {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly starts?: string;
  readonly makesKey?: boolean;
}

function wishOf(
  world: StopWorld,
  random: Random,
  name: string,
  number: number,
  runId: string,
): Wish {
  const draw = random.next();
  if (draw < 0.4) return { method: "GET", path: `/v1/runs/${runId}` };
  if (draw < 0.55) return { method: "GET", path: "/v1/runs?limit=50" };
  if (draw < 0.7) return { method: "GET", path: "/v1/audit?limit=200" };
  if (draw < 0.85) {
    const body = { name: `${name}-${number}`, scopes: ["runs:read"] };
    return { method: "POST", path: "/v1/keys", body, makesKey: true };
  }
  if (draw < 0.95) {
    const starts = `${name}x${number}`;
    return { method: "POST", path: "/v1/runs", body: world.runBody(starts), starts };
  }
  return { method: "POST", path: "/v1/agents/clerk/invoke", body: {} };
}

/** Whether it is one of the problems that a server may answer with while it closes. */
function isProblem({ body }: Asked & { readonly kind: "answer" }): boolean {
  return typeof body === "object" && body !== null && "code" in body && "status" in body;
}

function note(counting: Counting, wish: Wish, asked: Asked, isOver: () => boolean): void {
  const { method, path, starts, makesKey } = wish;
  const fault = (text: string): void => {
    if (counting.faults.length < 10) counting.faults.push(`${method} ${path}: ${text}`);
  };
  if (asked.kind !== "answer") {
    if (starts !== undefined) counting.unanswered.push(starts);
    if (asked.kind === "refused") counting.refused += 1;
    else counting.cut += 1;
    if (asked.kind === "cut") fault(`status ${asked.status}, broken off: ${asked.why}`);
    else if (!isOver()) fault(`refused by a server that is not closing: ${asked.why}`);
    return;
  }
  if (asked.status >= 300) {
    counting.problems += 1;
    if (starts !== undefined) counting.unanswered.push(starts);
    if (!isProblem(asked) || asked.status !== 503)
      fault(`${asked.status} ${asked.text.slice(0, 200)}`);
    else if (!isOver()) fault("told that it closes by a server that is not closing");
    return;
  }
  counting.answers += 1;
  const { body } = asked;
  if (typeof body !== "object" || body === null) {
    fault(`half a body with status ${asked.status}: ${asked.text.slice(-100)}`);
    return;
  }
  if (starts !== undefined && "id" in body) counting.runs.set(starts, String(body.id));
  if (makesKey === true && "key" in body) {
    counting.keys.push((body.key as { readonly id: string }).id);
  }
}

/** Asks a server all the time, with several clients, until it is gone. */
export function keepAsking(
  served: Served,
  key: string,
  world: StopWorld,
  options: { readonly random: Random; readonly name: string; readonly runId: string },
): { readonly seen: Promise<Seen>; answered(): number; closing(): void } {
  const { random, name, runId } = options;
  let isClosing = false;
  const counting: Counting = {
    answers: 0,
    problems: 0,
    refused: 0,
    cut: 0,
    faults: [],
    runs: new Map(),
    keys: [],
    unanswered: [],
  };
  let number = 0;
  const client = async (asker: Asker): Promise<void> => {
    while (served.cli.child.exitCode === null && served.cli.child.signalCode === null) {
      const wish = wishOf(world, random, name, (number += 1), runId);
      const asked = await asker.ask(wish.method, wish.path, wish.body);
      note(counting, wish, asked, () => isClosing);
      await delay(asked.kind === "answer" ? 5 : 50);
    }
    asker.close();
  };
  const clients = Array.from({ length: askers }, () => client(createAsker(served.address, key, 2)));
  return {
    seen: Promise.all(clients).then(() => counting),
    answered: () => counting.answers,
    closing: () => {
      isClosing = true;
    },
  };
}
