import { expect } from "vitest";
import type { NewEvent, StoredEvent } from "../../events/event.ts";
import { change } from "../program.ts";
import { newRun } from "../store.fixture.ts";
import { question } from "./approvals.cases.ts";
import { type Case, code } from "./suite.cases.ts";

const many = 20;
const all = <T>(make: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: many }, (_, index) => make(index)));
const say = (text: string): NewEvent => ({ type: "message.user", text });
const textsOf = (events: readonly StoredEvent[]): string[] =>
  events.map((event) => (event.type === "message.user" ? event.text : event.type));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const countOf = <T>(found: readonly T[], wanted: T): number =>
  found.filter((one) => one === wanted).length;

/** Many writers at once. */
export const concurrencyCases: readonly Case[] = [
  {
    name: "keeps every row of many writers, and each run's log without a gap",
    run: async ({ backend }) => {
      const { runs, runLog } = backend.tenant("a");
      await runs.create(newRun("shared"));
      const acknowledged: StoredEvent[] = [];
      await all(async (writer) => {
        const own = `own-${writer}`;
        await runs.create(newRun(own));
        for (let turn = 0; turn < 5; turn += 1) {
          const text = `${writer} ${turn}`;
          acknowledged.push(...(await runLog.append(own, [say(text)])));
          acknowledged.push(...(await runLog.append("shared", [say(text), say(`${text} again`)])));
        }
      });
      const shared = await runLog.read("shared");
      expect(shared.map(({ seq }) => seq)).toEqual(upTo(many * 5 * 2));
      // An append is one piece: nobody writes between its events.
      const texts = textsOf(shared);
      for (let index = 0; index < texts.length; index += 2) {
        expect(texts[index + 1]).toBe(`${texts[index]} again`);
      }
      const kept = [...shared];
      for (let writer = 0; writer < many; writer += 1) {
        const own = await runLog.read(`own-${writer}`);
        expect(own.map(({ seq }) => seq)).toEqual(upTo(5));
        expect(textsOf(own)).toEqual([0, 1, 2, 3, 4].map((turn) => `${writer} ${turn}`));
        kept.push(...own);
      }
      const byPlace = (events: readonly StoredEvent[]): string[] =>
        events.map((event) => JSON.stringify(event)).sort();
      expect(byPlace(kept)).toEqual(byPlace(acknowledged));
      expect((await runs.list({ limit: 1000 })).items).toHaveLength(many + 1);
    },
  },
  {
    name: "lets a write that fails take nothing with it",
    run: async ({ backend }) => {
      const { runs, runLog } = backend.tenant("a");
      await runs.create(newRun("shared"));
      const writes = await Promise.allSettled(
        upTo(many * 2).map(async (index) => {
          const text = String(index);
          if (index % 5 === 1) {
            return backend.tables.write(function* () {
              yield* change("UPDATE runs SET task = ? WHERE id = 'shared'", `spoiled by ${text}`);
              throw new Error("a fault in a program");
            });
          }
          if (index % 5 === 2) {
            return backend.tables.write(function* () {
              yield* change("UPDATE runs SET task = ? WHERE id = 'shared'", `spoiled by ${text}`);
              yield* change("UPDATE runs SET state = 'nonsense' WHERE id = 'shared'");
            });
          }
          if (index % 5 === 3) return runLog.append("nobody", [say(text)]);
          return runLog.append("shared", [say(text)]);
        }),
      );
      const failed = writes.flatMap(({ status }, index) =>
        status === "rejected" ? index + 1 : [],
      );
      expect(failed).toEqual(upTo(many * 2).filter((index) => [1, 2, 3].includes(index % 5)));
      const log = await runLog.read("shared");
      expect(log.map(({ seq }) => seq)).toEqual(upTo((many * 2 * 2) / 5));
      expect(
        textsOf(log)
          .map(Number)
          .sort((a, b) => a - b),
      ).toEqual(upTo(many * 2).filter((index) => [0, 4].includes(index % 5)));
      expect(await runs.get("shared")).toMatchObject({ task: newRun("shared").task });
    },
  },
  {
    name: "reads an append as a whole or not at all while others write",
    run: async ({ backend }) => {
      const { runs, runLog } = backend.tenant("a");
      await runs.create(newRun("shared"));
      const lengths: number[] = [];
      await all(async () => {
        const write = runLog.append("shared", [say("one"), say("two"), say("three")]);
        lengths.push((await runLog.read("shared")).length);
        await write;
        lengths.push((await runLog.read("shared")).length);
      });
      expect(lengths.filter((length) => length % 3 !== 0)).toEqual([]);
      expect(await runLog.read("shared")).toHaveLength(many * 3);
    },
  },
  {
    name: "makes one run of many that want the same id",
    run: async ({ backend }) => {
      const made = await all((index) =>
        backend
          .tenant(index % 2 === 0 ? "a" : "b")
          .runs.create({ ...newRun("one"), task: String(index) })
          .then(
            ({ task }) => task,
            (error: unknown) => {
              expect(error).toEqual(code("store.run_exists"));
              return "refused";
            },
          ),
      );
      expect(countOf(made, "refused")).toBe(many - 1);
      const kept = [
        await backend.tenant("a").runs.get("one"),
        await backend.tenant("b").runs.get("one"),
      ];
      expect(kept.flatMap((run) => run?.task ?? [])).toEqual(
        made.filter((task) => task !== "refused"),
      );
    },
  },
  {
    name: "uses an approval up once, however many want it at once",
    run: async ({ backend, clock }) => {
      const { approvals } = backend.tenant("a");
      const { id } = await approvals.request(question(clock, "call"));
      await approvals.decide(id, "approved", "me", clock.now());
      const states = await all(() => approvals.consume(id, "call", clock.now()));
      expect(countOf(states, "approved")).toBe(1);
      expect(countOf(states, "consumed")).toBe(many - 1);
    },
  },
  {
    name: "asks one question for many that want the same call at once",
    run: async ({ backend, clock }) => {
      const { approvals } = backend.tenant("a");
      const asked = await all(() => approvals.request(question(clock, "call")));
      expect(new Set(asked.map(({ id }) => id)).size).toBe(1);
      expect(await approvals.list()).toHaveLength(1);
    },
  },
  {
    name: "takes the first of answers that contradict each other",
    run: async ({ backend, clock }) => {
      const { approvals } = backend.tenant("a");
      const { id } = await approvals.request(question(clock, "call"));
      const answers = await all((index) =>
        approvals.decide(id, index % 2 === 0 ? "approved" : "denied", "me", clock.now()).then(
          ({ state }) => state,
          (error: unknown) => {
            expect(error).toEqual(code("store.approval_decided"));
            return "refused";
          },
        ),
      );
      const { state } = await approvals.find(id);
      expect(countOf(answers, "refused")).toBe(many / 2);
      expect(countOf(answers, state)).toBe(many / 2);
    },
  },
  {
    name: "tells one of many that a key is fresh",
    run: async ({ backend }) => {
      const { idempotency } = backend.tenant("a");
      const states = await all((index) => idempotency.reserve("key", `run-${index}`, index));
      expect(countOf(states, "fresh")).toBe(1);
      expect(countOf(states, "started")).toBe(many - 1);
    },
  },
];
