/** Calls by which programs register with a contract, whether or not the kernel of the run keeps it. */
import { SYS_RSEQ } from "../../linux/rseq.ts"
import { SYS_RESTARTABLE_SEQUENCES } from "../../linux/turner.ts"

const calls: ReadonlySet<number> = new Set([SYS_RSEQ, SYS_RESTARTABLE_SEQUENCES])

export const isContractCall = (number: number): boolean => calls.has(number)
