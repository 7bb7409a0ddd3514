import * as fc from "fast-check";
import { expect } from "vitest";
import { change } from "../program.ts";
import type { NewApproval } from "../repositories/approvals.ts";
import { type Bench, type Case, code } from "./suite.cases.ts";

const lifeMs = 1000;

/** A question about a call, open for a second. */
export function question(clock: Bench["clock"], digest: string): NewApproval {
  return {
    digest,
    runId: "run",
    summary: "Delete the file",
    ruleId: "default/delete",
    requestedAt: clock.now(),
    expiresAt: clock.now() + lifeMs,
  };
}

function parts({ backend, clock }: Bench) {
  const { approvals } = backend.tenant("a");
  return {
    approvals,
    clock,
    now: () => clock.now(),
    ask: (digest: string) => approvals.request(question(clock, digest)),
  };
}

const step = fc.oneof(
  fc.record({ do: fc.constantFrom("request", "consume", "restore") }),
  fc.record({ do: fc.constantFrom("approve", "deny") }),
  fc.record({ do: fc.constant("wait"), ms: fc.integer({ min: 1, max: lifeMs }) }),
);

/** Questions to a person. */
export const approvalsCases: readonly Case[] = [
  {
    name: "asks once per call, however often it is asked, until it is answered for good",
    run: async (bench) => {
      const { approvals, ask, now } = parts(bench);
      const first = await ask("call");
      expect(first.state).toBe("pending");
      expect(await ask("call")).toEqual(first);
      expect((await ask("other")).id).not.toBe(first.id);
      await approvals.decide(first.id, "approved", "me", now());
      expect(await ask("call")).toEqual({ id: first.id, state: "approved" });
      await approvals.consume(first.id, "call", now());
      expect((await ask("call")).id).not.toBe(first.id);
    },
  },
  {
    name: "lets an approval be used once, for its own call only",
    run: async (bench) => {
      const { approvals, ask, now } = parts(bench);
      const { id } = await ask("call");
      expect(await approvals.consume(id, "call", now())).toBe("pending");
      await approvals.decide(id, "approved", "me", now());
      expect(await approvals.consume(id, "another call", now())).toBe("unknown");
      expect(await approvals.consume("no such id", "call", now())).toBe("unknown");
      expect(await approvals.consume(id, "call", now())).toBe("approved");
      expect(await approvals.consume(id, "call", now())).toBe("consumed");
      await approvals.restore(id);
      expect(await approvals.consume(id, "call", now())).toBe("approved");
    },
  },
  {
    name: "never lets a denied or an expired question through, and asks anew when its time is over",
    run: async (bench) => {
      const { approvals, ask, clock, now } = parts(bench);
      const denied = await ask("denied");
      await approvals.decide(denied.id, "denied", "me", now());
      await approvals.restore(denied.id);
      expect(await approvals.consume(denied.id, "denied", now())).toBe("denied");
      expect(await ask("denied")).toEqual({ id: denied.id, state: "denied" });
      const approved = await ask("slow");
      await approvals.decide(approved.id, "approved", "me", now());
      clock.advance(lifeMs);
      expect(await approvals.consume(approved.id, "slow", now())).toBe("expired");
      expect(await ask("slow")).toMatchObject({ state: "pending" });
      expect((await ask("denied")).id).not.toBe(denied.id);
    },
  },
  {
    name: "takes one answer, and says why not a second",
    run: async (bench) => {
      const { approvals, ask, now } = parts(bench);
      const { id } = await ask("call");
      const answered = await approvals.decide(id, "approved", "me", now());
      expect(answered).toMatchObject({ state: "approved", decidedBy: "me", decidedAt: now() });
      expect(await approvals.find(id)).toEqual({ ...answered, facts: null });
      expect(await approvals.decide(id, "approved", "you", now())).toEqual(answered);
      await expect(approvals.decide(id, "denied", "you", now())).rejects.toEqual(
        code("store.approval_decided"),
      );
      await expect(approvals.decide("none", "denied", "me", now())).rejects.toEqual(
        code("store.unknown_approval"),
      );
      const late = await ask("late");
      await expect(approvals.decide(late.id, "approved", "me", now() + lifeMs)).rejects.toEqual(
        code("store.approval_expired"),
      );
    },
  },
  {
    name: "keeps the facts of a call for whoever looks at the question",
    run: async (bench) => {
      const { approvals, ask } = parts(bench);
      const facts = { operation: "tools/call", args: { path: "it's \n", list: [1, null] } };
      const asked = await approvals.request({ ...question(bench.clock, "facts"), facts });
      expect((await approvals.find(asked.id)).facts).toEqual(facts);
      expect((await approvals.find((await ask("none")).id)).facts).toBeNull();
      await bench.backend.tables.write(() =>
        change("UPDATE approvals SET facts = '{' WHERE id = ?", asked.id),
      );
      await expect(approvals.find(asked.id)).rejects.toEqual(code("store.bad_row"));
      // The question itself can be seen and answered all the same.
      expect(await approvals.list()).toHaveLength(2);
      await approvals.decide(asked.id, "approved", "me", bench.clock.now());
    },
  },
  {
    name: "keeps why somebody decided, when the words of an answer are forgotten too",
    run: async (bench) => {
      const { approvals, ask, now } = parts(bench);
      const facts = { kind: "elicitation" };
      const { id } = await approvals.request({ ...question(bench.clock, "why"), facts });
      expect(await approvals.list()).toMatchObject([{ note: null }]);
      const words = { answer: { action: "accept" }, note: "It is due: ü\n😀" };
      const { note } = words;
      expect(await approvals.decide(id, "approved", "me", now(), words)).toMatchObject({ note });
      // The same answer again is the first one.
      const again = await approvals.decide(id, "approved", "you", now(), { note: "other" });
      expect(again).toMatchObject({ decidedBy: "me", note });
      await approvals.consume(id, "why", now());
      expect(await approvals.find(id)).toMatchObject({ facts, note });
      const { id: bare } = await ask("no facts");
      await approvals.decide(bare, "denied", "me", now(), { note });
      expect((await approvals.list()).map((one) => one.note)).toEqual([note, note]);
      await bench.backend.tables.write(() =>
        change("UPDATE approvals SET facts = '{' WHERE id = ?", id),
      );
      expect((await approvals.list()).map((one) => one.note)).toEqual([null, note]);
    },
  },
  {
    name: "keeps the words of an answer for whoever asked, until they are used",
    run: async (bench) => {
      const { approvals, ask, now } = parts(bench);
      const facts = { kind: "elicitation" };
      const asked = await approvals.request({ ...question(bench.clock, "words"), facts });
      expect(await approvals.answerOf(asked.id)).toEqual({ state: "pending", answer: null });
      const answer = { action: "accept", content: { name: "Ada Lovelace" } };
      await approvals.decide(asked.id, "approved", "me", now(), { answer });
      expect(await approvals.answerOf(asked.id)).toEqual({ state: "approved", answer });
      expect(
        JSON.stringify([await approvals.find(asked.id), await approvals.list()]),
      ).not.toContain("Ada");
      await approvals.consume(asked.id, "words", now());
      expect(await approvals.answerOf(asked.id)).toEqual({ state: "consumed", answer: null });
      expect((await approvals.find(asked.id)).facts).toEqual(facts);
      const { id } = await ask("no facts");
      await approvals.decide(id, "denied", "me", now(), { answer: { action: "cancel" } });
      expect(await approvals.answerOf(id)).toEqual({
        state: "denied",
        answer: { action: "cancel" },
      });
      await expect(approvals.answerOf("none")).rejects.toEqual(code("store.unknown_approval"));
    },
  },
  {
    name: "forgets the words of answers that a run has not used when it is over, and no others",
    run: async (bench) => {
      const { approvals, now } = parts(bench);
      const answer = { action: "accept", content: { name: "Ada Lovelace" } };
      const answered = async (runId: string) => {
        const asked = { ...question(bench.clock, runId), runId, facts: { kind: "elicitation" } };
        const { id } = await approvals.request(asked);
        await approvals.decide(id, "approved", "me", now(), { answer });
        return id;
      };
      const [over, other] = [await answered("over"), await answered("other")];
      await approvals.forgetAnswers("over");
      expect(await approvals.answerOf(over)).toEqual({ state: "approved", answer: null });
      expect((await approvals.find(over)).facts).toEqual({ kind: "elicitation" });
      expect(await approvals.answerOf(other)).toEqual({ state: "approved", answer });
    },
  },
  {
    name: "shows questions by state and by the beginning of their id",
    run: async (bench) => {
      const { approvals, ask, clock, now } = parts(bench);
      const [a, b] = [await ask("a"), await ask("b")];
      const ids = async (filter?: Parameters<typeof approvals.list>[0]): Promise<string[]> =>
        (await approvals.list(filter)).map(({ id }) => id);
      await approvals.decide(b.id, "denied", "me", now());
      expect(await ids()).toEqual([a.id, b.id]);
      expect(await ids({ state: "pending" })).toEqual([a.id]);
      expect(await approvals.find(a.id.slice(0, -3))).toMatchObject({
        id: a.id,
        summary: "Delete the file",
      });
      await expect(approvals.find(a.id.slice(0, 4))).rejects.toEqual(code("store.ambiguous_id"));
      await expect(approvals.find("nope")).rejects.toEqual(code("store.unknown_approval"));
      clock.advance(lifeMs);
      expect(await ids({ state: "expired" })).toEqual([a.id]);
      expect(await ids({ state: "pending" })).toEqual([]);
      expect(await approvals.find(a.id)).toMatchObject({ state: "expired" });
    },
  },
  {
    name: "in any order of asking, answering, using and giving back, one yes is one call",
    run: async (bench) => {
      const { approvals, ask, clock, now } = parts(bench);
      let round = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
          round += 1;
          const digest = `digest-${round}`;
          const ids = new Set<string>();
          const [yes, used] = [new Set<string>(), new Set<string>()];
          for (const one of steps) {
            if ("ms" in one) clock.advance(one.ms);
            if (one.do === "request") ids.add((await ask(digest)).id);
            for (const id of ids) {
              if (
                one.do === "consume" &&
                (await approvals.consume(id, digest, now())) === "approved"
              ) {
                expect(used.has(id)).toBe(false);
                expect(yes.has(id)).toBe(true);
                used.add(id);
              }
              if (one.do === "restore") {
                await approvals.restore(id);
                used.delete(id);
              }
              if (one.do === "approve" || one.do === "deny") {
                const decision = one.do === "approve" ? "approved" : "denied";
                const answer = await approvals.decide(id, decision, "me", now()).catch((error) => {
                  expect((error as { code: string }).code).toMatch(
                    /^store\.approval_(decided|expired)$/,
                  );
                });
                if (answer?.state === "approved") yes.add(id);
              }
            }
          }
        }),
        { numRuns: 40 },
      );
    },
  },
];
