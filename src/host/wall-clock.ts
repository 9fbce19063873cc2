/** The wall clock, for those who wait in front of a screen. No run sees it. */
export interface WallClock {
  /** Milliseconds since some moment; only differences mean anything. */
  readonly milliseconds: () => number
}

export const wallClock: WallClock = { milliseconds: () => performance.now() }
