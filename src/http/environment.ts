/** What each request carries on its way through the app. */
export interface ApiEnvironment {
  Variables: { requestId: string };
}
