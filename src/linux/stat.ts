/** `struct stat` of x86-64. Source: Linux arch/x86/include/uapi/asm/stat.h */
export const STAT_BYTES = 144
export const stat = { device: 0, inode: 8, linkCount: 16, mode: 24, uid: 28, gid: 32, specialDevice: 40, sizeBytes: 48, blockBytes: 56 } as const
export const S_IFIFO = 0o010000
