/**
 * Restartable sequences as first proposed: what user code of that time calls.
 *
 * Source: P. Turner, [RFC PATCH 0/3] restartable sequences v2, linux-kernel, 2015-10-27. The number is a default of ours.
 */
export const SYS_RESTARTABLE_SEQUENCES = 323
