import { defineConfig } from "vite";

// `npm run build:dashboard` makes dashboard/dist, which `agent33 serve` serves. `npx vite dashboard`
// serves the sources instead, and asks the server of the usual port for everything else.
export default defineConfig({
  root: import.meta.dirname,
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2023",
    // The page's policy lets nothing in that is written into it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  server: { proxy: { "/v1": "http://127.0.0.1:3333", "/session": "http://127.0.0.1:3333" } },
});
