import { aroundAll } from "vitest";
import {
  type EgressGrant,
  type EgressScope,
  grantEgress,
  runAsCall,
} from "../../src/boundary/egress/guard.ts";

/** This machine, and nothing else. */
export const loopback: readonly string[] = ["127.0.0.1:*", "localhost:*"];

/**
 * The egress guard is on in every test. What a test opens around the boundary, on purpose, it opens
 * under a grant of its own: `grant.run(() => …)`.
 */
export function testGrant(why: string, scope: EgressScope): EgressGrant {
  return grantEgress({ name: "test", why, ...scope });
}

/** A grant for all tests and hooks of a file or of a `describe`; its own text runs before that. */
export function grantTests(why: string, scope: EgressScope): EgressGrant {
  const grant = testGrant(why, scope);
  aroundAll((runTests) => grant.run(runTests));
  return grant;
}

/** All tests of a file run as the handler of a governed call does: for tests of what handlers are given. */
export function testsInsideACall(): void {
  aroundAll((runTests) => runAsCall({ egressOpen: true }, runTests, undefined));
}
