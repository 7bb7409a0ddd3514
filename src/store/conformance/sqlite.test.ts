import { temporaryStore } from "../store.fixture.ts";
import { allCases } from "./all.cases.ts";
import { runCases } from "./suite.cases.ts";

runCases(allCases, async () => {
  const { clock, store, remove } = temporaryStore();
  return { backend: store.backend, clock, dispose: async () => remove() };
});
