// Offers as many tools as its argument says (500 without one), of arguments of the type of the next:
// each does one thing with one kind of object.
import { serve, textResult } from "./rpc.mjs";

const verbs = ["list", "open", "close", "archive", "export", "rename", "approve", "purge"];
const objects = ["invoice", "contract", "shipment", "supplier", "warehouse", "timesheet"];
const [, , wanted = 500, type = "integer"] = process.argv;
const count = Number(wanted);

const tools = Array.from({ length: count }, (_, number) => {
  const verb = verbs[number % verbs.length];
  const object = objects[Math.floor(number / verbs.length) % objects.length];
  const round = Math.floor(number / (verbs.length * objects.length));
  const name = round === 0 ? `${verb}_${object}` : `${verb}_${object}_v${round + 1}`;
  return {
    name,
    description: `Makes the ledger ${verb} one ${object}${round === 0 ? "" : ` by the rules of release ${round + 1}`}.`,
    inputSchema: {
      type: "object",
      properties: { [`${object}_number`]: { type, description: `which ${object}` } },
    },
  };
});

serve({ tools, call: (name, args) => textResult(`${name} ${JSON.stringify(args)}`) });
