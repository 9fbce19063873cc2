/** Clocks and the layouts of times. Source: clock_gettime(2); Linux include/uapi/linux/time.h */
export const clock = {
  REALTIME: 0, MONOTONIC: 1, PROCESS_CPUTIME_ID: 2, THREAD_CPUTIME_ID: 3, MONOTONIC_RAW: 4, REALTIME_COARSE: 5,
  MONOTONIC_COARSE: 6, BOOTTIME: 7, REALTIME_ALARM: 8, BOOTTIME_ALARM: 9, TAI: 11
} as const

export const TIMER_ABSTIME = 1
export const ITIMER_REAL = 0
export const ITIMER_VIRTUAL = 1
export const ITIMER_PROF = 2

/** `struct timespec`, `struct timeval`: two signed 64-bit words, seconds first. */
export const TIMESPEC_BYTES = 16
/** `struct itimerspec`, `struct itimerval`: the interval, then the time to the next. */
export const ITIMERSPEC_BYTES = 32
export const NANOSECONDS = 1_000_000_000
/** A tick of the coarse clocks: CONFIG_HZ=250. */
export const TICK_NANOSECONDS = 4_000_000
/** The last nanosecond the kernel can count to. */
export const KTIME_MAX = 2n ** 63n - 1n
