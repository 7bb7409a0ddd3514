import { sandboxConformance } from "./conformance.cases.ts";
import { realGvisor } from "./sandbox.fixture.ts";

sandboxConformance(await realGvisor());
