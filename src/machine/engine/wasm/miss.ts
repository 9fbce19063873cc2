/**
 * What an access does that has no tag in the TLB: on a guarded page it looks for itself whether a mark is met, otherwise it asks the
 * machine. So stopping at a mark, passing one, and whatever else lies on such a page cost no call out of WebAssembly.
 */
import { PAGE_BYTES } from "../../../base/ids.ts"
import { type I32, int, select } from "../../../x86/value.ts"
import { EXCHANGE, MARK_BYTES, NOT_READ, NOT_WRITTEN, TLB_ENTRY_COUNT, exchange, markedRange, tlbEntry } from "../../layout.ts"
import { type FunctionCode, signature } from "./bytes.ts"
import { CodeWriter } from "./code.ts"
import { machineImports } from "./emitter.ts"

/** (subject, low, high, request, budget): the host address, 0 where it must be done carefully or a mark was met. */
export const missSignature = signature(["i32", "i32", "i32", "i32", "i32"], ["i32"])

/** What `fill` says once a page is guarded. No host address is so low. */
export const LOOK_AGAIN = 1

const PAGE_MASK = PAGE_BYTES - 1

export const missRoutine = (): FunctionCode => {
  const code = new CodeWriter(missSignature.parameters.length)
  const [context, low, high, request, budget] = [0, 1, 2, 3, 4].map((index) => code.local("i32", index)) as [I32, I32, I32, I32, I32]
  const told = int(EXCHANGE)
  const entry = code.let(low.shrU(12).and(TLB_ENTRY_COUNT - 1).shl(5).add(context))
  const sizeBytes = code.let(request.and(0xff))
  const isWrite = code.let(int(0).ltU(request.shrU(8)))
  const host = code.variable("i32")
  const again = code.openLoop()
  const tag = code.let(code.load32(entry, tlbEntry.guarded))
  const isAnother = tag.xor(low).shrU(12).or(code.load32(entry, tlbEntry.guarded + 4).xor(high))
  const isForbidden = tag.and(select(isWrite, int(NOT_WRITTEN), int(NOT_READ)))
  const isAcross = int(PAGE_BYTES).ltU(low.and(PAGE_MASK).add(sizeBytes))
  code.if(isAnother.or(isForbidden).or(isAcross), () => {
    code.set(host, code.call32(machineImports.indexOf("fill"), context, low, high, request))
    code.branchIf(host.eq(LOOK_AGAIN), again)
    code.return(host)
  })
  code.end()
  code.set(host, low.add(code.load32(entry, tlbEntry.addend)))
  code.if(budget.eq(code.load32(told, exchange.passBudget)), () => code.return(host))

  const at = code.let(high.extend().shl(32n).or(low.extend()))
  const end = code.let(at.add(sizeBytes.extend()))
  const range = code.variable("i32")
  code.set(range, int(EXCHANGE + exchange.marks))
  const next = code.openLoop()
  code.if(range.eq(code.load32(told, exchange.marksEnd)), () => code.return(host))
  const isTouched = at.ltU(code.load64(range, markedRange.end)).and(code.load64(range, markedRange.start).ltU(end))
  code.if(isTouched.and(isWrite.or(code.load32(range, markedRange.isMetByReads))), () => {
    code.store32(told, request, exchange.metRequest)
    code.store32(told, low, exchange.metAddress)
    code.store32(told, high, exchange.metAddress + 4)
    code.return(int(0))
  })
  code.set(range, range.add(MARK_BYTES))
  code.branch(next)
  code.end()
  code.unreachable()
  return { name: "miss", signature: missSignature, locals: code.locals, body: code.out }
}
