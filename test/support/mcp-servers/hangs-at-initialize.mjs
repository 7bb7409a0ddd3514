import { serve } from "./rpc.mjs";

process.stderr.write("waiting for the licence server\n");
serve({ initialize: () => {} });
