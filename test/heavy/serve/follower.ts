import { Agent, type ClientRequest, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "../../../src/base/random.ts";
import { systemCodeOf } from "../../../src/base/errors.ts";

/** How one connection to a run's events ended. */
export interface Followed {
  /** `cut` is our own doing; `broken` is not. `204`: there was nothing more to tell. */
  readonly end: "finished" | "closing" | "cut" | "broken" | "nothing more" | "silent" | "refused";
  readonly why: string;
}

/** What followers of one run have seen of it: the text of each event by its place. */
export type Truth = Map<number, string>;

/** One who follows a run over as many connections as it takes. */
export interface Follower {
  readonly runId: string;
  /** The place of the last event that came. */
  readonly place: number;
  readonly events: number;
  readonly connections: number;
  readonly faults: readonly string[];
  /** Follows until the connection ends, or until `cutAfterMs` after its answer began, where that is given. */
  connect(address: string, cutAfterMs?: number): Promise<Followed>;
}

/**
 * Holds each event against what others saw of the run: the places have to be 1, 2, 3 …, over all
 * connections together.
 */
export function createFollower(runId: string, key: string, truth: Truth): Follower {
  // As clients do that ask again: the connection stays when a stream has ended.
  const agent = new Agent({ keepAlive: true });
  let place = 0;
  let events = 0;
  let connections = 0;
  const faults: string[] = [];
  const fault = (text: string): void => {
    if (faults.length < 5) faults.push(`run ${runId}: ${text}`);
  };

  const take = (id: string, data: string): void => {
    const seq = Number(id);
    if (seq <= place) fault(`event ${seq} came again after ${place}`);
    else if (seq !== place + 1) fault(`events ${place + 1} to ${seq - 1} were lost`);
    const known = truth.get(seq);
    if (known === undefined) truth.set(seq, data);
    else if (known !== data) fault(`event ${seq} is not the same for all`);
    place = seq;
    events += 1;
  };

  const connect = (address: string, cutAfterMs?: number): Promise<Followed> => {
    connections += 1;
    const headers = {
      authorization: `Bearer ${key}`,
      ...(place === 0 ? {} : { "last-event-id": String(place) }),
    };
    return new Promise((done) => {
      let cut = false;
      let timer: NodeJS.Timeout | undefined;
      const end = (how: Followed["end"], why = ""): void => {
        clearTimeout(timer);
        done({ end: cut ? "cut" : how, why });
      };
      const asking: ClientRequest = request(`${address}/v1/runs/${runId}/events`, {
        agent,
        headers,
      });
      asking.on("error", (error) => end("refused", systemCodeOf(error) ?? error.message));
      asking.on("response", (response) => {
        if (response.statusCode === 204) {
          response.resume();
          end("nothing more");
          return;
        }
        if (response.statusCode !== 200) {
          response.resume();
          end("refused", `status ${response.statusCode}`);
          return;
        }
        // Only now: who is cut before there is an answer comes no further on a busy machine.
        if (cutAfterMs !== undefined) {
          timer = setTimeout(() => {
            cut = true;
            asking.destroy();
          }, cutAfterMs);
        }
        let rest = "";
        let last = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          // What was on its way when we left is not for us any more.
          if (cut) return;
          const frames = (rest + chunk).split("\n\n");
          rest = frames.pop() ?? "";
          for (const frame of frames) {
            if (frame.startsWith(":")) continue;
            const [, id, type = "", data = ""] =
              /^(?:id: (\d+)\n)?event: (.+)\ndata: (.*)$/.exec(frame) ?? [];
            if (type === "") fault(`a frame has another form: ${frame.slice(0, 80)}`);
            else if (id !== undefined) take(id, data);
            last = type;
          }
        });
        response.on("error", (error) => end("broken", systemCodeOf(error) ?? error.message));
        response.on("end", () => {
          if (rest !== "") fault("the stream ended within an event");
          if (last === "run.finished") end("finished");
          else if (last === "server.closing") end("closing");
          else end("silent");
        });
      });
      asking.end();
    });
  };

  return {
    runId,
    connect,
    faults,
    get place() {
      return place;
    },
    get events() {
      return events;
    },
    get connections() {
      return connections;
    },
  };
}

/** So many refusals in a row, and a server is taken for one that serves nobody. */
const mostRefusals = 20;

/**
 * Follows a run to its end, cut off again and again. Who is refused before there is an answer, as by
 * a starved server, comes again, as clients do.
 * @returns what was wrong
 */
export async function followWithCuts(
  follower: Follower,
  address: string,
  random: Random,
): Promise<readonly string[]> {
  for (let refusals = 0; ; ) {
    const { end, why } = await follower.connect(address, 3_000 + random.next() * 25_000);
    if (end === "finished") return follower.faults;
    refusals = end === "refused" ? refusals + 1 : 0;
    if ((end !== "cut" && end !== "refused") || refusals > mostRefusals) {
      return [...follower.faults, `run ${follower.runId}: ${end} ${why} after ${follower.place}`];
    }
    // Half of them come back at once, the others miss something first.
    if (random.next() < 0.5) await delay(random.next() * 2_000);
  }
}
