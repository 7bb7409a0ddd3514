import fc from "fast-check";
import { expect, test } from "vitest";
import { silenceOf } from "../../dashboard/src/alerts/silenced.ts";
import { isSilencedBy } from "../../src/observability/alerts/alert.ts";
import { newAlert } from "../../src/store/conformance/alerts.cases.ts";

const word = fc.constantFrom("a", "b");
const labels = fc.dictionary(fc.constantFrom("key", "tenant"), word);
const tenant = fc.option(word);

test("an alert is shown as silenced where the engine keeps silent, and while it does", () => {
  const matchers = fc.dictionary(
    fc.constantFrom("key", "tenant", "rule", "owner", "severity"),
    word,
  );
  fc.assert(
    fc.property(
      fc.record({ labels, rule: word, owner: word, aboutTenant: tenant }),
      fc.record({ matchers, aboutTenant: tenant, startsAt: fc.nat(4), endsAt: fc.nat(8) }),
      fc.nat(8),
      (given, silence, now) => {
        const alert = newAlert("x", given);
        const { aboutTenant, ...rest } = alert;
        const shown = { ...rest, tenant: aboutTenant, valueText: "", times: 1 };
        const { aboutTenant: of, ...facts } = silence;
        const said = {
          ...facts,
          tenant: of,
          id: "s",
          reason: "",
          by: "",
          createdAt: 0,
          endedBy: null,
        };
        const holds = silence.startsAt <= now && now < silence.endsAt;
        expect(silenceOf(shown, [said], now) !== undefined).toBe(
          holds && isSilencedBy(alert as never, silence),
        );
      },
    ),
  );
});
