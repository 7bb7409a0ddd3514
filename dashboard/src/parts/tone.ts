/** How something stands: in words, and in a colour that says no more than these. */
export type Tone = "good" | "bad" | "warn" | "busy" | "plain";
