import { expect } from "vitest";
import type {
  AlertHistoryEntry,
  AlertSilence,
  StoredAlert,
} from "../repositories/alert-records.ts";
import { type Case, code } from "./suite.cases.ts";
import { probe } from "./tenant-probe.cases.ts";

/** An alert that fires. */
export function newAlert(id: string, more: Partial<StoredAlert> = {}): StoredAlert {
  return {
    id,
    rule: "BreakerOpen",
    aboutTenant: null,
    state: "firing",
    updatedAt: 5,
    labels: { key: "model:x" },
    severity: "ticket",
    owner: "connectors",
    summary: 'it\'s "open" 鍵',
    value: 0.1 + 0.2,
    episode: 1,
    beganAt: 1,
    seenAt: 5,
    firedAt: 4,
    resolvedAt: null,
    acknowledged: null,
    ...more,
  };
}

/** What became of an alert. */
export const newEntry = (
  alertId: string,
  more: Partial<AlertHistoryEntry> = {},
): Omit<AlertHistoryEntry, "id"> => ({
  alertId,
  rule: "BreakerOpen",
  aboutTenant: null,
  at: 4,
  kind: "fired",
  by: null,
  note: "",
  ...more,
});

/** A silence that holds. */
export const newSilence = (id: string, more: Partial<AlertSilence> = {}): AlertSilence => ({
  id,
  aboutTenant: null,
  endsAt: 9_999_999_999_999,
  matchers: { rule: "BreakerOpen" },
  reason: "they are moving house",
  by: "mara",
  createdAt: 1,
  startsAt: 0,
  endedBy: null,
  ...more,
});

/** Alerts, what is told of them, and what is silenced. */
export const alertsCases: readonly Case[] = [
  {
    name: "keeps an alert as it stands, and what became of it",
    run: async ({ backend }) => {
      const { alerts } = backend.tenant("a");
      await alerts.put([newAlert("x"), newAlert("y", { state: "pending" })], [newEntry("x")]);
      await alerts.put([newAlert("z", { state: "resolved", resolvedAt: 9, aboutTenant: "acme" })]);
      expect((await alerts.active()).map(({ id }) => id)).toEqual(["x", "y"]);
      expect(await alerts.get("x")).toEqual(newAlert("x"));
      expect(await alerts.counts()).toEqual({ firing: 1, pending: 1 });
      await alerts.forget(["x", "y"]);
      expect((await alerts.active()).map(({ id }) => id)).toEqual(["x"]);
      expect((await alerts.list({ state: "resolved" })).items.map(({ id }) => id)).toEqual(["z"]);
      expect((await alerts.list({ aboutTenant: "acme" })).items.map(({ id }) => id)).toEqual(["z"]);
      expect((await alerts.list({ rule: "Other" })).items).toEqual([]);
      const { items } = await alerts.history({ alertId: "x" });
      expect(items).toMatchObject([{ alertId: "x", kind: "fired", at: 4, by: null }]);
      await expect(alerts.put([newAlert("", {})])).rejects.toEqual(code("store.bad_alert"));
    },
  },
  {
    name: "forgets what became of alerts before a time, but for those that fire and other tenants'",
    run: async ({ backend }) => {
      const { alerts } = backend.tenant("a");
      const { alerts: others } = backend.tenant("b");
      const over = newAlert("over", { state: "resolved", resolvedAt: 9 });
      const entries = [newEntry("over"), newEntry("fires"), newEntry("over", { at: 10 })];
      await alerts.put([over, newAlert("fires")], entries);
      await others.put([over], [newEntry("over")]);
      expect(await alerts.forgettable(10)).toBe(1);
      expect(await alerts.forgetHistory(10)).toBe(1);
      expect(await alerts.forgettable(10)).toBe(0);
      const left = (await alerts.history()).items.map(({ alertId, at }) => `${alertId} ${at}`);
      expect(new Set(left)).toEqual(new Set(["fires 4", "over 10"]));
      expect((await others.history()).items).toHaveLength(1);
    },
  },
  {
    name: "keeps who has taken an alert on for as long as it fires",
    run: async ({ backend }) => {
      const { alerts } = backend.tenant("a");
      await alerts.put([newAlert("x"), newAlert("p", { state: "pending" })]);
      const said = { by: "mara", at: 7, note: "looking" };
      const news = newEntry("x", { kind: "acknowledged", at: 7, by: "mara" });
      expect(await alerts.acknowledge("p", said, newEntry("p"))).toBeUndefined();
      expect(await alerts.acknowledge("nobody", said, newEntry("nobody"))).toBeUndefined();
      expect(await alerts.acknowledge("x", said, news)).toMatchObject({ acknowledged: said });
      // Whoever evaluates has read it before that was said.
      await alerts.put([newAlert("x", { value: 3 })]);
      expect(await alerts.get("x")).toMatchObject({ value: 3, acknowledged: said });
      await alerts.put([newAlert("x", { episode: 2 })]);
      expect(await alerts.get("x")).toMatchObject({ episode: 2, acknowledged: null });
      expect((await alerts.history()).items).toHaveLength(1);
      expect(await alerts.find("x")).toMatchObject({ id: "x" });
      await expect(alerts.find("x", { aboutTenant: "acme" })).rejects.toEqual(
        code("store.unknown_alert"),
      );
    },
  },
  {
    name: "makes a notice once, and keeps what came of it",
    run: async ({ backend }) => {
      const { alertNotices } = backend.tenant("a");
      const key = { alertId: "x", episode: 1, receiver: "ops" };
      await alertNotices.ensure([{ ...key, nextAt: 5 }]);
      await alertNotices.ensure([
        { ...key, nextAt: 99 },
        { ...key, episode: 2, nextAt: 6 },
      ]);
      const fresh = { ...key, state: "due", nextAt: 5, attempts: 0, toldAt: null, lastError: null };
      expect(await alertNotices.open()).toEqual([fresh, { ...fresh, episode: 2, nextAt: 6 }]);
      const told = { ...key, state: "told", nextAt: 9, attempts: 2, toldAt: 8, lastError: "no" };
      await alertNotices.put([
        { ...told, state: "told" },
        { ...told, episode: 2, state: "done" },
      ]);
      expect(await alertNotices.open()).toEqual([told]);
    },
  },
  {
    name: "knows which silences hold, and ends one for good",
    run: async ({ backend, clock }) => {
      const { alertSilences } = backend.tenant("a");
      const now = clock.now();
      await alertSilences.add(newSilence("now", { endsAt: now + 100, startsAt: now }));
      await alertSilences.add(newSilence("later", { endsAt: now + 200, startsAt: now + 150 }));
      await alertSilences.add(newSilence("over", { endsAt: now, aboutTenant: "acme" }));
      expect((await alertSilences.inForce()).map(({ id }) => id)).toEqual(["now"]);
      expect(await alertSilences.end("now", "joe")).toBe(true);
      expect(await alertSilences.end("now", "ann")).toBe(false);
      expect(await alertSilences.end("over", "ann")).toBe(false);
      expect(await alertSilences.find("no")).toMatchObject({ endedBy: "joe", endsAt: now });
      clock.advance(160);
      expect((await alertSilences.inForce()).map(({ id }) => id)).toEqual(["later"]);
      const { items } = await alertSilences.list({ aboutTenant: "acme" });
      expect(items.map(({ id }) => id)).toEqual(["over"]);
      const ahead = await alertSilences.list({ endsAfter: clock.now() });
      expect(ahead.items.map(({ id }) => id)).toEqual(["later"]);
      await expect(alertSilences.add(newSilence("none", { matchers: {} }))).rejects.toEqual(
        code("store.bad_alert"),
      );
    },
  },
];

const ends = async (stranger: { end(id: string, by: string): Promise<boolean> }, id: string) =>
  expect(await stranger.end(id, "stranger")).toBe(false);

/** Each repository between two tenants. */
export const alertsProbes = {
  alerts: probe("alerts", {
    fill: async ({ alerts }, { name, mark }) => {
      const marked = { summary: mark, labels: { mark }, owner: mark };
      await alerts.put(
        [newAlert(`${name}-x`, marked), newAlert(`${name}-p`, { ...marked, state: "pending" })],
        [newEntry(`${name}-x`, { note: mark })],
      );
      return { id: `${name}-x`, waiting: `${name}-p` };
    },
    view: async ({ alerts }) => [await alerts.list(), await alerts.history()],
    swaps: {
      active: async (stranger, _, own) => {
        const ids = (await stranger.active()).map(({ id }) => id);
        expect(ids).toEqual([own.id, own.waiting]);
      },
      get: async (stranger, { id }) => expect(await stranger.get(id)).toBeUndefined(),
      find: async (stranger, { id }) => {
        await expect(stranger.find(id)).rejects.toEqual(code("store.unknown_alert"));
      },
      list: async (stranger, _, own) => {
        const ids = (await stranger.list({ limit: 1000 })).items.map(({ id }) => id);
        expect(ids).toEqual([own.waiting, own.id]);
      },
      put: async (stranger, { id }) => stranger.put([newAlert(id)]),
      forget: async (stranger, { waiting }) => stranger.forget([waiting]),
      acknowledge: async (stranger, { id }) => {
        const said = { by: "me", at: 1, note: "" };
        expect(await stranger.acknowledge(id, said, newEntry(id))).toBeUndefined();
      },
      note: async (stranger, { id }) => stranger.note([newEntry(id)]),
      // What it has itself is about alerts that fire.
      forgettable: async (stranger) => expect(await stranger.forgettable(1_000)).toBe(0),
      forgetHistory: async (stranger) => expect(await stranger.forgetHistory(1_000)).toBe(0),
      history: async (stranger, { id }) => {
        expect((await stranger.history({ alertId: id })).items).toEqual([]);
      },
      counts: async (stranger) => {
        expect(await stranger.counts()).toEqual({ firing: 1, pending: 1 });
      },
    },
  }),
  alertNotices: probe("alertNotices", {
    fill: async ({ alertNotices }, { name, mark }) => {
      const key = { alertId: "shared", episode: 1, receiver: `${name} ${mark}` };
      await alertNotices.ensure([{ ...key, nextAt: 1 }]);
      return { receiver: key.receiver };
    },
    view: ({ alertNotices }) => alertNotices.open(),
    swaps: {
      open: async (stranger, _, own) => {
        expect((await stranger.open()).map(({ receiver }) => receiver)).toEqual([own.receiver]);
      },
      ensure: async (stranger, { receiver }) =>
        stranger.ensure([{ alertId: "shared", episode: 1, receiver, nextAt: 1 }]),
      put: async (stranger, { receiver }) =>
        stranger.put([
          {
            alertId: "shared",
            episode: 1,
            receiver,
            state: "done",
            nextAt: 1,
            attempts: 0,
            toldAt: null,
            lastError: null,
          },
        ]),
    },
  }),
  alertSilences: probe("alertSilences", {
    fill: async ({ alertSilences }, { name, mark }) => {
      await alertSilences.add(newSilence(`${name}-s`, { reason: mark, by: mark }));
      return { id: `${name}-s` };
    },
    view: ({ alertSilences }) => alertSilences.list(),
    swaps: {
      add: async (stranger, { id }) => stranger.add(newSilence(id)),
      end: (stranger, { id }) => ends(stranger, id),
      find: async (stranger, { id }) => {
        await expect(stranger.find(id)).rejects.toEqual(code("store.unknown_silence"));
      },
      list: async (stranger, _, own) => {
        expect((await stranger.list()).items.map(({ id }) => id)).toEqual([own.id]);
      },
      inForce: async (stranger, _, own) => {
        expect((await stranger.inForce()).map(({ id }) => id)).toEqual([own.id]);
      },
    },
  }),
};
