import { Agent33Error } from "../base/errors.ts";
import type { Config } from "../config/config.ts";
import type { RouteContext } from "./route.ts";

/** Who asks, and under which settings. */
type Asking = Pick<RouteContext, "caller" | "config">;

/** The settings as they are for whoever asks: in their tenant, in their name. */
export function callersConfig({ caller, config }: Asking): Config {
  const { tenant, user } = caller;
  return { ...config, settings: { ...config.settings, tenant, user } };
}

/** Whether whoever asks belongs to the tenant that the installation is run by. */
export function runsInstallation({ caller, config }: Asking): boolean {
  return caller.tenant === config.settings.tenant;
}

/**
 * Keeps what all tenants share to the one that the installation is run by.
 * @throws Agent33Error `api.installation_only`
 */
export function requireInstallation(asking: Asking): void {
  if (runsInstallation(asking)) return;
  throw new Agent33Error(
    "api.installation_only",
    "This belongs to the whole installation, which another tenant runs.",
    { hint: "Ask whoever runs it, or use a key of the tenant that the settings name." },
  );
}

/** In whose name calls go out. */
export function askerOf({ caller: { user, key } }: Pick<RouteContext, "caller">) {
  return { user, key };
}
