import { sandboxConformance } from "./conformance.cases.ts";
import { realBubblewrap } from "./sandbox.fixture.ts";

sandboxConformance(await realBubblewrap());
