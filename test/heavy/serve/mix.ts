import type { Random } from "../../../src/base/random.ts";
import type { Asked, Asker } from "./asking.ts";

/** What a request of the mix came to. */
interface Done {
  readonly kind: string;
  readonly tookMs: number;
}

/** What the mix has seen. */
export interface MixReport {
  readonly sent: number;
  readonly faults: readonly string[];
  /** How many answers there were of each kind, and how long they took. Milliseconds. */
  readonly kinds: Readonly<
    Record<string, { readonly count: number; readonly p50: number; readonly p99: number }>
  >;
  /** Requests a second, from the first that was sent to the last that was answered. */
  readonly perSecond: number;
}

type Kind = (asker: Asker, runs: readonly string[], random: Random) => Promise<string | undefined>;

/** What is wrong with an answer; undefined where it is as it should be. */
function wrong(asked: Asked, status: number, fits: (body: Body) => boolean): string | undefined {
  if (asked.kind !== "answer") return `${asked.kind}: ${asked.why}`;
  if (asked.status !== status) return `status ${asked.status}: ${asked.text.slice(0, 200)}`;
  return fits((asked.body ?? {}) as Body) ? undefined : `answered ${asked.text.slice(0, 200)}`;
}

interface Body {
  readonly id?: unknown;
  readonly state?: unknown;
  readonly outcome?: unknown;
  readonly ok?: unknown;
  readonly items?: readonly unknown[];
  readonly decision?: unknown;
}

const one = (runs: readonly string[], random: Random): string =>
  runs[Math.floor(random.next() * runs.length)] ?? "";

/** Of twenty requests: fourteen small reads, two lists, one question to the policy, two governed calls, a write. */
const kinds: Readonly<Record<string, { readonly share: number; readonly ask: Kind }>> = {
  "small read": {
    share: 14,
    ask: async (asker, runs, random) => {
      const id = one(runs, random);
      const asked = await asker.ask("GET", `/v1/runs/${id}`);
      return wrong(
        asked,
        200,
        (body) => body.id === id && (body.state === "running" || body.state === "finished"),
      );
    },
  },
  list: {
    share: 2,
    ask: async (asker) =>
      wrong(await asker.ask("GET", "/v1/runs?limit=20"), 200, ({ items }) => items?.length === 20),
  },
  policy: {
    share: 1,
    ask: async (asker) => {
      const body = { connector: "mcp:effects", tool: "look", effect: "read" };
      return wrong(await asker.ask("POST", "/v1/policy/explain", body), 200, (said) =>
        JSON.stringify(said).includes("allow"),
      );
    },
  },
  "governed call": {
    share: 2,
    ask: async (asker) => {
      const body = { names: ["openai-compatible:small"] };
      return wrong(await asker.ask("POST", "/v1/models/check", body), 200, ({ ok }) => ok === true);
    },
  },
  write: {
    share: 1,
    ask: async (asker) => {
      const made = await asker.ask("POST", "/v1/runs", { task: "Wait." });
      // Where the long runs have ended, somebody works on it at once.
      const isOpen = ({ id, state }: Body): boolean =>
        typeof id === "string" && (state === "queued" || state === "running");
      const bad = wrong(made, 201, isOpen);
      if (bad !== undefined || made.kind !== "answer") return bad;
      const { id, state } = made.body as { readonly id: string; readonly state: string };
      const over = await asker.ask("POST", `/v1/runs/${id}/cancel`);
      return wrong(
        over,
        202,
        (said) =>
          said.id === id &&
          (state === "running" || said.state === "running" || said.outcome === "cancelled"),
      );
    },
  },
};

const shares = Object.entries(kinds).flatMap(([kind, { share, ask }]) =>
  Array.from({ length: share }, () => ({ kind, ask })),
);

/** Sends requests at a steady pace, whether or not earlier ones have been answered. */
export async function sendMix(
  asker: Asker,
  runs: readonly string[],
  options: { readonly perSecond: number; readonly seconds: number; readonly random: Random },
): Promise<MixReport> {
  const { perSecond, seconds, random } = options;
  const total = perSecond * seconds;
  const done: Done[] = [];
  const faults: string[] = [];
  const open = new Set<Promise<void>>();
  const began = performance.now();
  const send = async (): Promise<void> => {
    const chosen = shares[Math.floor(random.next() * shares.length)];
    if (chosen === undefined) return;
    const from = performance.now();
    const fault = await chosen.ask(asker, runs, random);
    done.push({ kind: chosen.kind, tookMs: performance.now() - from });
    if (fault !== undefined && faults.length < 10) faults.push(`${chosen.kind}: ${fault}`);
  };
  let sent = 0;
  await new Promise<void>((over) => {
    const timer = setInterval(() => {
      const due = Math.min(total, Math.floor(((performance.now() - began) / 1000) * perSecond));
      for (; sent < due; sent += 1) {
        const sending = send().finally(() => open.delete(sending));
        open.add(sending);
      }
      if (sent < total) return;
      clearInterval(timer);
      over();
    }, 10);
  });
  await Promise.all(open);
  const tookSeconds = (performance.now() - began) / 1000;
  return { sent, faults, kinds: byKind(done), perSecond: sent / tookSeconds };
}

function byKind(done: readonly Done[]): MixReport["kinds"] {
  const groups = Map.groupBy(done, ({ kind }) => kind);
  return Object.fromEntries(
    [...groups].map(([kind, all]) => {
      const times = all.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
      const at = (share: number) => times[Math.floor((times.length - 1) * share)] ?? 0;
      return [kind, { count: times.length, p50: at(0.5), p99: at(0.99) }];
    }),
  );
}
