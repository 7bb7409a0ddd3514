/** How long a tenant that has asked counts as one of those that share. */
const activeMs = 10_000;
/** How often those who share are counted anew. */
const recountMs = 1_000;
/** An eighth of the places is kept for other tenants than the first. */
const keptForOthers = 8;

export interface ConnectorLimitSettings {
  /** Calls in flight at once, of all tenants. */
  readonly maxConcurrent: number;
  /** Calls in flight at once of one tenant. Default: all but an eighth of the places. */
  readonly maxConcurrentPerTenant?: number | undefined;
  /** Calls a second of all tenants, on average, and as many at once. */
  readonly ratePerSecond?: number | undefined;
}

/** What one tenant has of a connector's limits. */
export class TenantShare {
  readonly tenant: string;
  inside = 0;
  askedMs = 0;
  readonly rate: RateLimit | undefined;

  constructor(tenant: string, rate: RateLimit | undefined) {
    this.tenant = tenant;
    this.rate = rate;
  }
}

/**
 * The calls in flight and the calls a second of one connector, shared fairly by its tenants: those
 * that asked within the last seconds have equal parts, and a tenant that is alone has nearly all.
 * There is no queue: who waits unseen holds resources that nobody counts.
 */
export class ConnectorLimits {
  readonly #places: number;
  readonly #placesOfOne: number;
  readonly #ratePerSecond: number | undefined;
  readonly #rate: RateLimit | undefined;
  readonly #shares = new Map<string, TenantShare>();
  #inside = 0;
  #active = 0;
  #countedMs = Number.NEGATIVE_INFINITY;
  /** Most calls are of the tenant that the last one was of. */
  #last: TenantShare | undefined;

  constructor({ maxConcurrent, maxConcurrentPerTenant, ratePerSecond }: ConnectorLimitSettings) {
    const all = maxConcurrent - Math.floor(maxConcurrent / keptForOthers);
    this.#places = maxConcurrent;
    this.#placesOfOne = Math.min(maxConcurrent, maxConcurrentPerTenant ?? all);
    this.#ratePerSecond = ratePerSecond;
    this.#rate = ratePerSecond === undefined ? undefined : new RateLimit(ratePerSecond);
  }

  /** The share of a tenant that asks now. */
  of(tenant: string, nowMs: number): TenantShare {
    let share = this.#last?.tenant === tenant ? this.#last : this.#shares.get(tenant);
    if (share === undefined) {
      const rate = this.#ratePerSecond;
      share = new TenantShare(tenant, rate === undefined ? undefined : new RateLimit(rate));
      this.#shares.set(tenant, share);
      this.#countedMs = Number.NEGATIVE_INFINITY;
    }
    share.askedMs = nowMs;
    this.#last = share;
    if (nowMs - this.#countedMs >= recountMs) this.#recount(nowMs);
    return share;
  }

  /** 0 when a call is admitted, and then it is counted; else milliseconds until one may come. */
  admit({ rate }: TenantShare, nowMs: number): number {
    if (this.#rate === undefined || rate === undefined) return 0;
    const waitMs = this.#waitMs(rate, nowMs);
    if (waitMs > 0) return waitMs;
    rate.take(nowMs, this.#active);
    this.#rate.take(nowMs);
    return 0;
  }

  enter(share: TenantShare): boolean {
    if (this.#inside >= this.#places || share.inside >= this.#placesEach()) return false;
    this.#inside += 1;
    share.inside += 1;
    return true;
  }

  leave(share: TenantShare): void {
    this.#inside -= 1;
    share.inside -= 1;
  }

  /** What a tenant could have now; nothing is taken. */
  left(tenant: string, nowMs: number): { readonly places: number; readonly rateWaitMs: number } {
    const share = this.#shares.get(tenant);
    const own = this.#placesEach() - (share?.inside ?? 0);
    return {
      places: Math.max(0, Math.min(own, this.#places - this.#inside)),
      rateWaitMs: this.#waitMs(share?.rate, nowMs),
    };
  }

  #waitMs(own: RateLimit | undefined, nowMs: number): number {
    return Math.max(own?.waitMs(nowMs, this.#active) ?? 0, this.#rate?.waitMs(nowMs) ?? 0);
  }

  #placesEach(): number {
    if (this.#active <= 1) return this.#placesOfOne;
    return Math.min(this.#placesOfOne, Math.ceil(this.#places / this.#active));
  }

  #recount(nowMs: number): void {
    this.#countedMs = nowMs;
    for (const [tenant, share] of this.#shares) {
      const idle = share.inside === 0 && nowMs - share.askedMs > activeMs;
      if (!idle) continue;
      this.#shares.delete(tenant);
      if (this.#last === share) this.#last = undefined;
    }
    this.#active = this.#shares.size;
  }
}

/**
 * A rate limit by the generic cell rate algorithm (ITU-T I.371): one number of state.
 * Admits `perSecond` calls a second on average and bursts of as many.
 */
export class RateLimit {
  readonly #intervalMs: number;
  readonly #toleranceMs: number;
  #theoreticalArrivalMs = Number.NEGATIVE_INFINITY;

  constructor(perSecond: number) {
    this.#intervalMs = 1000 / perSecond;
    this.#toleranceMs = Math.max(0, 1000 - this.#intervalMs);
  }

  /**
   * Milliseconds until the next call may come, 0 when now.
   * @param sharedBy among how many the rate is shared, of which this is one
   */
  waitMs(nowMs: number, sharedBy = 1): number {
    const toleranceMs = sharedBy <= 1 ? this.#toleranceMs : 1000 - this.#intervalMs * sharedBy;
    const earlyMs = this.#theoreticalArrivalMs - nowMs - Math.max(0, toleranceMs);
    // A float's worth of slack, so that evenly spaced calls are never refused by rounding.
    return earlyMs > 1e-6 ? earlyMs : 0;
  }

  /** Counts a call that comes now. */
  take(nowMs: number, sharedBy = 1): void {
    const arrival = Math.max(this.#theoreticalArrivalMs, nowMs);
    this.#theoreticalArrivalMs = arrival + this.#intervalMs * Math.max(1, sharedBy);
  }
}
