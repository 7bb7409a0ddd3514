export { type Client, createClient } from "./client.ts";
export type { Call, CallOptions, Follow, FollowOptions, Result, StreamItem } from "./call.ts";
export type { ClientCode } from "./problem.ts";
export type { Session, Sessions } from "./session.ts";
export type { ClientSettings } from "./transport.ts";
export type * from "./operations.ts";
