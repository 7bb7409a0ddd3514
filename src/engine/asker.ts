import type { Principal } from "../base/principal.ts";

/** Who asked for something outside of a run, where it was not the settings' user. */
export type Asker = Pick<Principal, "user" | "key">;
