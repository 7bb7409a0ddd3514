import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { startTheme } from "./shell/theme.ts";
import "./style/base.css";
import "./style/shell.css";
import "./style/parts.css";
import "./style/pages.css";

startTheme();
const place = document.getElementById("page");
if (place === null) throw new Error("The page has no place to stand in.");
createRoot(place).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
