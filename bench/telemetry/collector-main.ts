import { startTraceCollector } from "../../test/support/trace-collector.ts";

/**
 * A collector in a process of its own, so that its work is not counted as the engine's. Says its
 * address, and for each word that it is sent how many spans it has.
 */
const collector = await startTraceCollector();
process.on("message", () => process.send?.(collector.spans.size));
process.on("disconnect", () => process.exit());
process.send?.(collector.url);
