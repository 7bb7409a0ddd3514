/** On whose behalf a call is made. Every call carries one. */
export interface Principal {
  readonly tenant: string;
  /** The person or service that asked; on one's own machine the operating-system user. */
  readonly user: string;
  /** The key or token that they proved it with, by its name, where they came through a service. */
  readonly key?: string;
  /** The agent that acts, as `name@version`, where one does. */
  readonly agent?: string;
}
