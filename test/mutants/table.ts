/** One-line changes of the source, each with the test that must notice. A table: add a row wherever a line could be wrong unseen. */
import type { Mutant } from "./mutant.ts"

const fixup = "src/kernel/abi/mainline/fixup.ts"
const registration = "src/kernel/abi/mainline/registration.ts"
const mainline = "src/kernel/abi/mainline/mainline.ts"
const turner = "src/kernel/abi/turner-v2.ts"
const vector = "src/kernel/abi/opv/vector.ts"
const operation = "src/kernel/abi/opv/operation.ts"
const conformance = "test/law/abis.test.ts"
const sections = "test/kernel/abi/sections.test.ts"
const runs = "test/law/runs.test.ts"
const counter = "runs of percpu-counter.s"

export const mutants: ReadonlyArray<Mutant> = [
  // ---- contracts: mainline
  { file: fixup, before: "if (ip < section.start || section.end <= ip) {", after: "if (ip < section.start || section.end < ip) {", test: sections, breaks: "a section ends before its first instruction behind it" },
  { file: fixup, before: "if (ip < section.start || section.end <= ip) {", after: "if (ip <= section.start || section.end <= ip) {", test: sections, breaks: "a section begins with its first instruction" },
  { file: fixup, before: "if (start <= abort && abort < end) return \"bad\"", after: "if (start < abort && abort < end) return \"bad\"", test: conformance, breaks: "an abort address may not be the section's own start" },
  { file: fixup, before: "return proof === signature ? { flags, start, end, abort } : \"bad\"", after: "return proof !== undefined ? { flags, start, end, abort } : \"bad\"", test: conformance, breaks: "an abort handler proves itself by the signature" },
  { file: fixup, before: "if (section === \"bad\") return DIES", after: "if (section === \"bad\") return { _tag: \"GoesOn\", events }", test: conformance, breaks: "a bad descriptor is fatal" },
  { file: fixup, before: "return memory.write64(area + rseqArea.rseqCs, 0n) ? { _tag: \"Aborts\", section, events: counted } : DIES", after: "return { _tag: \"Aborts\", section, events: counted }", test: conformance, breaks: "an abort clears the descriptor" },
  { file: fixup, before: "const counted = events & ~mask", after: "const counted = events", test: conformance, breaks: "flags of 4.18 overlook events" },
  { file: fixup, before: "(events & SIGNAL) !== 0 ? \"signalled\" : (events & MIGRATE) !== 0 ? \"migrated\" : \"preempted\"", after: "(events & MIGRATE) !== 0 ? \"signalled\" : (events & SIGNAL) !== 0 ? \"migrated\" : \"preempted\"", test: conformance, breaks: "an abort is named after its cause" },
  { file: registration, before: "return failed(registered.signature === signature ? \"EBUSY\" : \"EPERM\")", after: "return failed(registered.signature === signature ? \"EPERM\" : \"EBUSY\")", test: conformance, breaks: "registering again is EBUSY, under another signature EPERM" },
  { file: registration, before: "if (word % BigInt(RSEQ_ORIGINAL_BYTES) !== 0n || !isAreaLength(generation, areaBytes)) return failed(\"EINVAL\")", after: "if (!isAreaLength(generation, areaBytes)) return failed(\"EINVAL\")", test: conformance, breaks: "an area is aligned" },
  { file: registration, before: "if (registered.signature !== signature) return failed(\"EPERM\")", after: "if (registered.signature !== signature) return failed(\"EINVAL\")", test: conformance, breaks: "unregistering under another signature is EPERM" },
  { file: registration, before: "kept.set(kernel, task, { area, areaBytes, signature, events: 0, isDue: 1, cidPlusOne: 0 })", after: "kept.set(kernel, task, { area, areaBytes, signature, events: 0, isDue: 0, cidPlusOne: 0 })", test: conformance, breaks: "the ids are there when registration returns" },
  { file: mainline, before: "kept.set(kernel, task, { ...registration, events: registration.events | PREEMPT, isDue: 1, cidPlusOne: 0 })", after: "kept.set(kernel, task, { ...registration, isDue: 1, cidPlusOne: 0 })", test: sections, breaks: "a preempted task is aborted" },
  { file: mainline, before: "onCpuSet: (kernel, task) => note(kernel, task, MIGRATE),", after: "onCpuSet: () => {},", test: conformance, breaks: "a migrated task learns that it was" },
  { file: mainline, before: "registers.setIp(abort)", after: "registers.setIp(start)", test: conformance, breaks: "an abort goes to the abort handler" },

  // ---- contracts: turner-v2, cpu_opv
  { file: turner, before: "if (postCommit === 0 || ip >= postCommit || start === now) return true", after: "if (postCommit === 0 || ip > postCommit || start === now) return true", test: sections, breaks: "a commit that has retired is not undone" },
  { file: turner, before: "if (!memory.write64(postCommitInstr, 0n)) return false", after: "if (postCommitInstr === 0) return false", test: conformance, breaks: "an abort disarms" },
  { file: turner, before: "return isSame ? returned() : failed(\"EBUSY\")", after: "return isSame ? failed(\"EBUSY\") : returned()", test: conformance, breaks: "registering the same words again is no error" },
  { file: turner, before: "count(kernel, cpu)", after: "count(kernel, cpu + 0 * kernel.now); keptOf.set(kernel, cpuOf(kernel.state, cpu), { events: 0 })", test: sections, breaks: "a CPU counts its events" },
  { file: vector, before: "return sumBytes > CPU_OP_VEC_DATA_LEN_MAX ? \"EINVAL\" : undefined", after: "return sumBytes >= CPU_OP_VEC_DATA_LEN_MAX ? \"EINVAL\" : undefined", test: conformance, breaks: "a vector of the greatest length is taken" },
  { file: vector, before: "if (!isThere) return isFaultExpected ? \"EAGAIN\" : \"EFAULT\"", after: "if (!isThere) return isFaultExpected ? \"EFAULT\" : \"EAGAIN\"", test: conformance, breaks: "an expected fault is EAGAIN" },
  { file: operation, before: "return equal === \"fault\" ? \"fault\" : equal === stopsWhereEqual ? \"stop\" : \"done\"", after: "return equal === \"fault\" ? \"fault\" : equal === stopsWhereEqual ? \"done\" : \"stop\"", test: conformance, breaks: "a comparison that fails ends the vector" },

  // ---- the kernel
  { file: "src/kernel/scheduler.ts", before: "enterCpu(kernel, chosen === KERNEL_THREAD ? task.id : (chosen as TaskId), cpu)", after: "enterCpu(kernel, task.id, cpu)", test: "test/run/loop.test.ts", breaks: "a preemption gives the CPU to another" },
  { file: "src/kernel/scheduler.ts", before: "for (const abi of kernel.abis) abi.onScheduleOut?.(kernel, kernel.current(task))", after: "for (const abi of kernel.abis) abi.onExec?.(kernel, kernel.current(task))", test: "test/kernel/abi/moments.test.ts", breaks: "contracts hear of every schedule out" },
  { file: "src/kernel/scheduler.ts", before: ".sort((a, b) => known(a.wait, \"it waits\").since - known(b.wait, \"it waits\").since)", after: ".sort((a, b) => known(b.wait, \"it waits\").since - known(a.wait, \"it waits\").since)", test: "test/run/quiet.test.ts", breaks: "the longest waiting is woken first" },
  { file: "src/kernel/apply.ts", before: "cpus: cpusWith(state, cpu, (was) => ({ ...was, current: undefined, queue: [...was.queue, id] })),", after: "cpus: cpusWith(state, cpu, (was) => ({ ...was, current: undefined, queue: [id, ...was.queue] })),", test: "test/run/quiet.test.ts", breaks: "queues are first in, first out" },
  { file: "src/kernel/kernel.ts", before: "this.state = apply(this.state, event)", after: "if (event._tag !== \"Woken\" || this.entryCount % 2 === 0) this.state = apply(this.state, event)", test: runs, only: "runs of futex-ping-pong.s", breaks: "every event is applied" },
  { file: "src/kernel/kernel.ts", before: "if (answer !== quiet) this.took({ task: subject.id, count, nth, kind, option: answer })", after: "if (answer !== quiet) this.took({ task: subject.id, count, nth: 0, kind, option: answer })", test: "test/run/loop.test.ts", breaks: "a question is keyed by how many of its kind came before" },
  { file: "src/kernel/kernel.ts", before: "this.mix((index << 24) ^ (nth << 12) ^ options.length)", after: "this.mix(this.cpu)", test: "test/run/quiet.test.ts", breaks: "the digest holds how many options a question had" },
  { file: "src/kernel/kernel.ts", before: "this.state = position.state", after: "if (position.now === 0) this.state = position.state", test: runs, only: counter, breaks: "going back goes back to the kernel's state" },
  { file: "src/kernel/deliver.ts", before: "const mask = (task.blockedSignals | action.mask | own) & ~UNBLOCKABLE", after: "const mask = (action.mask | own) & ~UNBLOCKABLE", test: "test/kernel/signal.test.ts", breaks: "a handler runs with what was blocked before still blocked" },
  { file: "src/kernel/deliver.ts", before: "kernel.emit({ _tag: \"SignalReturned\", task: id, ip: registers.ip(), mask: result.mask & ~UNBLOCKABLE })", after: "kernel.emit({ _tag: \"SignalReturned\", task: id, ip: registers.ip(), mask: task.blockedSignals })", test: "test/kernel/signal.test.ts", breaks: "coming back from a handler restores the mask" },
  { file: "src/kernel/deliver.ts", before: "const own = (action.flags & SA_NODEFER) === 0n ? bitOf(signal) : 0n", after: "const own = 0n", test: "test/kernel/signal.test.ts", breaks: "a handler's own signal is blocked while it runs" },

  // ---- the loop
  { file: "src/run/run.ts", before: "if (stop._tag === \"Paused\") {", after: "if (stop._tag === \"Paused\" && visit < 0) {", test: "test/run/loop.test.ts", breaks: "PAUSE passes the turn and enters no kernel" },
  { file: "src/run/run.ts", before: "let until = nextMultiple(from, turn)", after: "let until = nextMultiple(from, turn) + 1", test: "test/run/quiet.test.ts", breaks: "a turn ends at a multiple of the task's own count" },
  { file: "src/run/run.ts", before: "else this.obey(task, answer, at === from ? visit : 0)", after: "else this.obey(task, answer, 0)", test: "test/run/loop.test.ts", breaks: "an interruption is keyed by its visit" },
  { file: "src/run/run.ts", before: "if (isMarkedBy(decider.marks, stop.pending)) return order.mark(slot, count, stop.pending)", after: "return order.mark(slot, count, stop.pending)", test: runs, only: counter, breaks: "a mark of the observer's changes nothing" },
  { file: "src/run/order.ts", before: "this.visits[slot] = this.visitAt(slot, count) + 1", after: "this.visits[slot] = 1", test: "test/run/loop.test.ts", breaks: "a visit is counted each time" },
  { file: "src/run/order.ts", before: "this.turn = position.turn", after: "this.turn = position.turn === 0 ? 0 : this.turn", test: "test/run/loop.test.ts", breaks: "going back goes back to who had the turn" },
  { file: "src/run/order.ts", before: "const cpu = known(cpus[(from + step) % cpus.length], \"CPUs go round\")", after: "const cpu = known(cpus[(from + cpus.length - step) % cpus.length], \"CPUs go round\")", test: "test/run/quiet.test.ts", breaks: "the turn goes upward" },

  // ---- calls, waiting, time
  { file: "src/kernel/syscall/futex.ts", before: "if (word !== expected) return failed(\"EAGAIN\")", after: "if (word === undefined) return failed(\"EAGAIN\")", test: "test/law/syscalls.test.ts", breaks: "a word that has changed is not waited for" },
  { file: "src/kernel/syscall/futex.ts", before: "return returned(wakeFutex(kernel, task, at, Math.max(1, value | 0), wanted, isPrivate))", after: "return returned(wakeFutex(kernel, task, at, value + 1, wanted, isPrivate))", test: "test/kernel/futex.test.ts", breaks: "at most as many are woken as asked" },
  { file: "src/kernel/syscall/scheduling.ts", before: "if (!allowed.some(({ isOnline }) => isOnline)) return failed(\"EINVAL\")", after: "if (allowed.length === 0) return failed(\"EPERM\")", test: "test/law/syscalls.test.ts", breaks: "a mask without a CPU is EINVAL" },
  { file: "src/kernel/timer.ts", before: "if (earliest === undefined || deadline < earliest) earliest = deadline", after: "if (earliest === undefined || deadline > earliest) earliest = deadline", test: "test/run/quiet.test.ts", breaks: "the earliest deadline comes first" },
  { file: "src/kernel/timer.ts", before: "a.deadline - b.deadline || beforeByName(a.task, b.task) || (a.timer?.id ?? -1) - (b.timer?.id ?? -1)", after: "a.deadline - b.deadline || beforeByName(b.task, a.task) || (a.timer?.id ?? -1) - (b.timer?.id ?? -1)", test: "test/kernel/timer.test.ts", breaks: "of two that are due together the task named first comes first" },

  // ---- replaying
  { file: "src/run/replay.ts", before: "if (check[what] !== now[what]) return this.comparing.differ({ at: check.now, what, recorded: String(check[what]), replayed: String(now[what]) })", after: "if (check[what] > now[what]) return this.comparing.differ({ at: check.now, what, recorded: String(check[what]), replayed: String(now[what]) })", test: "test/run/replay.test.ts", breaks: "a check that differs is a divergence" },
  { file: "src/run/replay.ts", before: "if (recorded !== undefined && this.divergence === undefined) {", after: "if (recorded !== undefined && this.before.length === 0) {", test: "test/run/replay.test.ts", breaks: "no recorded entry may be left over" },
  { file: "src/run/replay.ts", before: "if (this.before.length > BEFORE_COUNT) this.before.shift()", after: "if (this.before.length >= BEFORE_COUNT) this.before.shift()", test: "test/run/replay.test.ts", breaks: "three entries stand before a divergence" },
  { file: "src/run/divergence.ts", before: "if (a.now !== b.now || a.cpu !== b.cpu || a.task !== b.task || a.count !== b.count || a.event._tag !== b.event._tag) return false", after: "if (a.now !== b.now || a.cpu !== b.cpu || a.task !== b.task || a.event._tag !== b.event._tag) return false", test: "test/run/replay.test.ts", breaks: "entries are compared by count, too" },
  { file: "src/strategy/gap.ts", before: "alive *= 1 - rate", after: "alive *= 1 - rate / 2", test: "test/strategy/gap.test.ts", breaks: "gaps come at their rate" },

  // ---- the machine
  { file: "src/machine/spaces.ts", before: "if ((entry & SHARED) === 0 && this.frames.references(page) > 1) return this.copyFrame(space, low, high, entry)", after: "if ((entry & SHARED) === 0 && this.frames.references(page) > 2) return this.copyFrame(space, low, high, entry)", test: "test/machine/memory.test.ts", breaks: "a frame that two spaces share is copied on write" },
  { file: "src/machine/history.ts", before: "this.keptFor[page] = base.number", after: "this.keptFor[page] = base.number - 1", test: "test/machine/history.test.ts", breaks: "a page is kept once for a base" },

  // ---- schedules and how they are told
  { file: "src/log/telling.ts", before: "return this.firstOnOffer(lane, stretch, stretch.until, 0)", after: "return this.firstOnOffer(lane, stretch, stretch.until - 1, 0)", test: "test/log/telling.test.ts", breaks: "a deviation at the last boundary of a stretch is met" },
  { file: "src/log/telling.ts", before: "while (due !== undefined && distance(due, count, nth) < 0) {", after: "while (due !== undefined && distance(due, count, nth) <= 0) {", test: "test/log/telling.test.ts", breaks: "a deviation at the first boundary of a stretch is met" },
  { file: "src/log/telling.ts", before: "if (option !== FIRST_WAITING) return options.includes(option) ? option : undefined", after: "if (option !== FIRST_WAITING) return option", test: "test/log/telling.test.ts", breaks: "what is not on offer is not taken" },
  { file: "src/log/telling.ts", before: "return task * laneCount + (lane === PASSING && nth > 0 ? LATER : lane)", after: "return task * laneCount + lane", test: "test/log/telling.test.ts", breaks: "a deviation of a later visit does not hide one further on" },
  { file: "src/log/schedule.ts", before: ".map((other) => (isLaterVisit(other) ? { ...other, nth: other.nth - 1 } : other))", after: ".map((other) => (isLaterVisit(other) ? { ...other, nth: other.nth } : other))", test: "test/log/schedule.test.ts", breaks: "taking an interruption away moves later visits one forward" },
  { file: "src/log/schedule.ts", before: "const nth = reader.has(\"/\") ? reader.natural(\"which visit, after /\") : 0", after: "const nth = reader.has(\"/\") ? reader.natural(\"which visit, after /\") && 0 : 0", test: "test/log/schedule.test.ts", breaks: "a visit is read" },
  { file: "src/strategy/random.ts", before: "return { at: at + 1, kind, option: oneOf(options, chance.below(options.length)) }", after: "return { at: at + 2, kind, option: oneOf(options, chance.below(options.length)) }", test: "test/law/strategies.test.ts", breaks: "an answer lies inside its stretch" },

  // ---- recordings
  { file: "src/log/codec.ts", before: "const hash = createHash(\"sha256\").update(previous).update(Uint8Array.of(type))", after: "const hash = createHash(\"sha256\").update(Uint8Array.of(type))", test: "test/log/recording.test.ts", breaks: "the content hash is over everything that came before" },
  { file: "src/log/codec.ts", before: "const frameChecksum = (frame: Uint8Array, end: number): number => crc32(frame.subarray(10, end), crc32(frame.subarray(5, 6)))", after: "const frameChecksum = (frame: Uint8Array, end: number): number => crc32(frame.subarray(10, end))", test: "test/log/hostile.test.ts", only: "damaged recording", breaks: "the checksum covers a frame's type" },
  { file: "src/log/codec.ts", before: "if (length !== view.getUint32(at + 10)) return damage(\"Corrupt\", at + 1, \"the same length twice\")", after: "if (length < view.getUint32(at + 10)) return damage(\"Corrupt\", at + 1, \"the same length twice\")", test: "test/log/hostile.test.ts", only: "damaged recording", breaks: "a damaged length is not taken for the end of the file" },
  { file: "src/log/codec.ts", before: "if (owed.length > limits.depthMax) return damage(\"TooLarge\", at, `arrays nested at most ${limits.depthMax} deep`)", after: "if (owed.length > 10_000) return damage(\"TooLarge\", at, `arrays nested at most ${limits.depthMax} deep`)", test: "test/log/hostile.test.ts", breaks: "arrays are nested a few levels deep only" },
  { file: "src/log/recording-reader.ts", before: "if (!equalBytes(frame.previous, this.hash)) return damage(\"Corrupt\", frame.at, \"the hash of what comes before\")", after: "if (frame.previous.length !== this.hash.length) return damage(\"Corrupt\", frame.at, \"the hash of what comes before\")", test: "test/log/hostile.test.ts", breaks: "frames are chained" },
  { file: "src/log/column.ts", before: "this.heads[this.headCount] = DIRECT_END + byteCount - 1", after: "this.heads[this.headCount] = DIRECT_END + byteCount", test: "test/log/column.test.ts", breaks: "a long number has as many bytes as its head says" },
  { file: "src/log/column.ts", before: "if (value >= last) this.natural(value - last)", after: "if (value >= last) this.natural(value - last + 1)", test: "test/log/column.test.ts", breaks: "what only grows is written as the way from the last" },
  { file: "src/log/deviations.ts", before: "this.nthRow = this.rowCount + 1", after: "this.nthRow = this.rowCount", test: "test/log/recording.test.ts", breaks: "visits are told by the rows between them" },
  { file: "src/log/successors.ts", before: "moveToFront(list, code < RANK_COUNT ? code : -1, number)", after: "moveToFront(list, -1, number)", test: "test/log/recording.test.ts", breaks: "reader and writer rank alike" },

  // ---- the processor
  { file: "src/x86/instruction/add.ts", before: "e.arithmeticFlags(of, width, result, a, b, carry)", after: "e.arithmeticFlags(of, width, result, b, a, carry)", test: "test/vectors/vectors.test.ts", breaks: "the flags of a difference know who was taken away" },
  { file: "src/x86/instruction/add.ts", before: "const exact = carry === undefined ? plain : of === \"sum\" ? plain.add(carry) : plain.sub(carry)", after: "const exact = carry === undefined ? plain : of === \"sum\" ? plain.add(carry) : plain.add(carry)", test: "test/vectors/vectors.test.ts", breaks: "sbb takes the borrow away" },
  { file: "src/x86/instruction/atomic.ts", before: "const difference = e.let(expected.sub(found).signed(width))", after: "const difference = e.let(found.sub(expected).signed(width))", test: "test/vectors/vectors.test.ts", breaks: "cmpxchg compares as cmp does" },
  { file: "src/x86/instruction/atomic.ts", before: "source.write(a)", after: "source.write(b)", test: "test/vectors/vectors.test.ts", breaks: "xadd gives back what was there" },
  { file: "src/x86/lazy-flag.ts", before: "const half = result.and(15n).eq(of === \"increment\" ? 0n : 15n).extend()", after: "const half = result.and(15n).eq(of === \"increment\" ? 15n : 0n).extend()", test: "test/x86/lazy-flag.test.ts", breaks: "AF of a step" },
  { file: "src/x86/lazy-flag.ts", before: "const carry = bind(before.and(CARRY))", after: "const carry = bind(before.and(0n))", test: "test/x86/lazy-flag.test.ts", breaks: "a step keeps CF" },
  { file: "src/x86/lazy-flag.ts", before: ": a.not().and(b).or(a.xor(b).not().and(result))", after: ": a.not().and(b).or(a.xor(b).and(result))", test: "test/x86/lazy-flag.test.ts", breaks: "the borrows of a difference" },
  { file: "src/x86/decode.ts", before: "const count = immediate & (form.width === 64 ? 63n : 31n)", after: "const count = immediate & 63n", test: "test/x86/decode.test.ts", breaks: "a count is masked by the width" },
  { file: "src/x86/decode.ts", before: "const risen = form.row.access[0] === \"pop\" && base === RSP * SLOT_BYTES ? BigInt(form.width / 8) : 0n", after: "const risen = 0n", test: "test/x86/decode.test.ts", breaks: "a pop into memory addresses after the stack pointer has risen" },
  { file: "src/x86/decode.ts", before: "segment: form.row.name === \"lea\" ? 0 : segmentOf(instruction.memorySegment),", after: "segment: segmentOf(instruction.memorySegment),", test: "test/x86/decode.test.ts", breaks: "lea ignores its segment" },

  // ---- programs
  { file: "src/program/assemble/relax.ts", before: "return distance >= -128 && distance <= 127", after: "return distance >= -128 && distance <= 128", test: "test/program/assemble.test.ts", only: "takes the short jump", breaks: "a short jump reaches 127 bytes" },
  { file: "src/program/assemble/layout.ts", before: "const isNewPage = before !== undefined && order(before, section) !== 0", after: "const isNewPage = before === undefined", test: "test/program/assemble.test.ts", only: "on pages of their own", breaks: "code and data lie on pages of their own" },

  // ---- searching and looking
  { file: "src/search/ddmin.ts", before: "if (yield rest) return { items: rest, granularity: Math.max(granularity - 1, 2) }", after: "if (yield rest) return { items: chunk, granularity: Math.max(granularity - 1, 2) }", test: "test/search/ddmin.test.ts", breaks: "only what was seen to fail is kept" },
  { file: "src/search/ddmin.ts", before: "for (let index = from; index + size <= items.length; index++) {", after: "for (let index = from; index + size < items.length; index++) {", test: "test/search/ddmin.test.ts", breaks: "all subsets of a size are asked about" },
  { file: "src/search/ddmin.ts", before: "else if (answer) failing = middle", after: "else if (answer) failing = middle + 1", test: "test/search/ddmin.test.ts", breaks: "isolating ends one item apart" },
  { file: "src/analysis/detect/livelock.ts", before: "if (before === undefined || before.start !== start || before.ip !== ip) {", after: "if (before === undefined || before.ip - before.start !== ip - start) {", test: "test/law/detectors.test.ts", only: "detector livelock", breaks: "two sections that abort by turns make progress" },
  { file: "src/analysis/detect/deadlock.ts", before: "if (event.on !== \"tasks\") waiting.set(event.task, { index, text: `${taskName(event.task)} on ${event.on} ${event.key}` })", after: "waiting.set(event.task, { index, text: `${taskName(event.task)} on ${event.on} ${event.key}` })", test: "test/law/detectors.test.ts", only: "detector deadlock", breaks: "who waits for tasks to end is not to blame" },
  { file: "src/analysis/detect/guest-failure.ts", before: "if (event.outcome === \"Exited\" && event.status !== 0) return { message: `the program exited with status ${event.status}`, evidence }", after: "if (event.outcome === \"Exited\" && event.status > 1) return { message: `the program exited with status ${event.status}`, evidence }", test: "test/law/detectors.test.ts", only: "detector guest-failure fires on a program", breaks: "status 1 is a failure" },
  { file: "src/analysis/timeline/text.ts", before: "const columnOf = ({ cpu }: Row): number => (isWide ? 0 : Math.max(0, cpus.indexOf(cpu)))", after: "const columnOf = ({ cpu, entry }: Row): number => (isWide ? 0 : Math.max(0, cpus.indexOf(entry.cpu + 0 * cpu)))", test: "test/analysis/timeline/text.test.ts", breaks: "a migrated task arrives in its new column" },
  { file: "src/analysis/timeline/text.ts", before: "export const windowAround = (around: number): EntryWindow => ({ start: Math.max(0, around - AROUND), end: around + AROUND + 1 })", after: "export const windowAround = (around: number): EntryWindow => ({ start: Math.max(0, around - AROUND), end: around + AROUND })", test: "test/analysis/timeline/text.test.ts", breaks: "a window holds ten entries after its middle" },
  { file: "src/analysis/report/format/terminal.ts", before: "text.replace(/[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Cs}\\p{Co}\\\\]/gu, (character) => {", after: "text.replace(/[\\p{Cc}\\p{Zl}\\p{Zp}\\p{Cs}\\p{Co}\\\\]/gu, (character) => {", test: "test/analysis/report/format.test.ts", breaks: "text that turns its direction does not reach a terminal" },
  { file: "src/analysis/report/format/xml.ts", before: ".replace(/[\\u007f-\\u009f\\ufdd0-\\ufdef]/g, \"\\ufffd\")", after: ".replace(/[\\ufdd0-\\ufdef]/g, \"\\ufffd\")", test: "test/analysis/report/format.test.ts", breaks: "control characters do not reach XML" },
  { file: "src/analysis/report/format/github.ts", before: "export const escapeGithubProperty = (text: string): string => withoutControls(text).replace(/[%\\r\\n:,]/g, hex)", after: "export const escapeGithubProperty = (text: string): string => withoutControls(text).replace(/[%\\r\\n:]/g, hex)", test: "test/analysis/report/format.test.ts", breaks: "a property does not end at a comma of a stranger's" },

  // ---- the house
  { file: "src/analysis/timeline/words.ts", before: "export const nanoseconds = (value: number): string => `${grouped(value)} ns`", after: "export const nanoseconds = (value: number): string => `${value.toLocaleString()} ns`", test: "test/architecture.test.ts", only: "the host's clocks", breaks: "no locale reaches a timeline" },
  { file: "src/analysis/detect/table.ts", before: "import { rowNamed, table } from \"../../base/table.ts\"", after: "import { rowNamed, table } from \"../../base/table.ts\"; import \"../../kernel/apply.ts\"", test: "test/architecture.test.ts", only: "imports go downwards", breaks: "a detector reaches no kernel" }
]
