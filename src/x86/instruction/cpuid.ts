/**
 * What the simulated processor says of itself, whatever it runs on: every program must take the same path everywhere.
 *
 * It is an unknown maker's, with nothing beyond SSE2. So C libraries take their SSE2 routines, and need neither xgetbv nor the
 * cache leaves. The number of the CPU is not in it, since that would tell a task where it runs.
 */
import { bytesOfLatin1, viewOf } from "../../base/bytes.ts"

export interface CpuidLeaf {
  readonly leaf: bigint
  readonly eax: bigint
  readonly ebx: bigint
  readonly ecx: bigint
  readonly edx: bigint
}

const vendor = viewOf(bytesOfLatin1("rseqlab cpu "))

const FAMILY_6 = 0x600n
/** CLFLUSH works on 64 bytes, in units of eight, in bits 15 to 8. */
const CACHE_LINE = 8n << 8n

const bits = (...numbers: ReadonlyArray<number>): bigint => numbers.reduce((word, number) => word | (1n << BigInt(number)), 0n)
/** FPU, TSC, CX8, CMOV, CLFSH, MMX, FXSR, SSE, SSE2. */
const FEATURES = bits(0, 4, 8, 15, 19, 23, 24, 25, 26)
/** CX16. */
const MORE_FEATURES = bits(13)
/** SYSCALL, long mode. */
const EXTENDED_FEATURES = bits(11, 29)

/** Leaves that answer; every other one answers zeros. Source: Intel SDM 2A, CPUID. */
export const cpuidLeaves: ReadonlyArray<CpuidLeaf> = [
  {
    leaf: 0n,
    eax: 1n,
    ebx: BigInt(vendor.getUint32(0, true)),
    edx: BigInt(vendor.getUint32(4, true)),
    ecx: BigInt(vendor.getUint32(8, true))
  },
  { leaf: 1n, eax: FAMILY_6, ebx: CACHE_LINE, ecx: MORE_FEATURES, edx: FEATURES },
  { leaf: 0x8000_0000n, eax: 0x8000_0001n, ebx: 0n, ecx: 0n, edx: 0n },
  { leaf: 0x8000_0001n, eax: 0n, ebx: 0n, ecx: 0n, edx: EXTENDED_FEATURES }
]
