import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { createFollower, type Truth } from "./heavy/serve/follower.ts";
import { flatness, type MemorySample } from "./heavy/serve/memory.ts";
import { grantTests } from "./support/egress.ts";

grantTests("asks a server of its own", { connect: ["127.0.0.1:*"] });

const frame = (id: number, type = "turn.started"): string =>
  `id: ${id}\nevent: ${type}\ndata: {"n":${id}}\n\n`;

/** A server that answers each connection with the next text, to its end. */
async function says(...texts: readonly string[]): Promise<string> {
  const left = [...texts];
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(left.shift() ?? "");
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("one who follows a run", () => {
  const follower = (truth: Truth = new Map()) => createFollower("run", "key", truth);

  test("finds nothing wrong with events that go on where they broke off", async () => {
    const address = await says(frame(1) + frame(2), frame(3) + frame(4, "run.finished"));
    const one = follower();
    expect(await one.connect(address)).toMatchObject({ end: "silent" });
    expect(await one.connect(address)).toMatchObject({ end: "finished" });
    expect(one).toMatchObject({ place: 4, events: 4, faults: [] });
  });

  test.each([
    ["is lost", [frame(1) + frame(3)], "events 2 to 2 were lost"],
    ["comes again", [frame(1) + frame(2), frame(2)], "event 2 came again after 2"],
    ["is cut in two", [`${frame(1)}id: 2\nevent: x`], "the stream ended within an event"],
  ])("finds an event that %s", async (_, texts, fault) => {
    const address = await says(...texts);
    const one = follower();
    for (let index = 0; index < texts.length; index += 1) await one.connect(address);
    expect(one.faults).toEqual([`run run: ${fault}`]);
  });

  test("finds an event that another one saw otherwise", async () => {
    const truth: Truth = new Map([[1, "something else"]]);
    const one = follower(truth);
    await one.connect(await says(frame(1)));
    expect(one.faults).toEqual(["run run: event 1 is not the same for all"]);
  });
});

describe("memory is flat", () => {
  /** Two minutes of samples every five seconds, with some ups and downs. */
  const samples = (megabytesAt: (second: number) => number): readonly MemorySample[] =>
    Array.from({ length: 24 }, (_, index) => ({
      atMs: index * 5_000,
      megabytes: megabytesAt(index * 5) + (index % 7) * 2,
    }));

  test("where it moves and does not grow, whatever it took to warm up", () => {
    const warmingUp = samples((second) => 400 - 300 / (1 + second));
    expect(flatness(warmingUp, 60_000)).toMatchObject({ isFlat: true });
  });

  test("but not where each of 200 requests a second leaves 8 kB", () => {
    const leaking = samples((second) => 400 + (second * 200 * 8) / 1024);
    expect(flatness(leaking, 60_000)).toMatchObject({ isFlat: false });
  });
});
