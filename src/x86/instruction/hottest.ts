/**
 * The forms taken for the most executed, hottest first: an interpreter gives each a dispatch of its own.
 *
 * They decide nothing but speed, and any list is right. This one was chosen with small loops in mind, not from traces.
 */
export const hottest: ReadonlyArray<string> = [
  "mov.rr.64", "mov.rm.64", "add.rr.64", "mov.mr.64", "jne.j.64", "je.j.64", "mov.rm.32", "test.ri.8", "cmp.rr.64",
  "and.ri.64", "xor.rr.64", "jb.j.64", "lea.rm.64", "add.ri.64", "imul.rr.64", "shl.ri.64", "shr.ri.64", "inc.r.64",
  "dec.r.64", "mov.rr.32", "mov.ri.64", "cmp.ri.64", "test.rr.8", "movzx.rm.32.8", "movzx.rr.32.8", "add.mi.64",
  "mov.mi.64", "cmp.ri.32", "cmp.rm.32", "push.r.64", "pop.r.64", "ret..64", "call.j.64", "sub.ri.64"
]
