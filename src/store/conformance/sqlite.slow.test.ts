import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { databaseFile } from "../store.ts";
import { temporaryStore } from "../store.fixture.ts";
import { allCases } from "./all.cases.ts";
import { damageCases, type Past } from "./damage.cases.ts";
import { type Bench, runCases } from "./suite.cases.ts";

const folders = new WeakMap<Bench["backend"], string>();

const past =
  ({ backend }: Bench): Past =>
  async (sql) => {
    const native = new DatabaseSync(join(folders.get(backend) ?? "", databaseFile));
    native.exec(sql);
    native.close();
  };

runCases({ ...allCases, "a damaged row": damageCases(past) }, async () => {
  const { clock, store, dataDir, remove } = temporaryStore();
  folders.set(store.backend, dataDir);
  return { backend: store.backend, clock, dispose: async () => remove() };
});
