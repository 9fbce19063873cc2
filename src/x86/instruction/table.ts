/** The instruction table: every family once. */
import { table } from "../../base/table.ts"
import { sums } from "./add.ts"
import { atomics } from "./atomic.ts"
import { branches } from "./branch.ts"
import type { InstructionRow } from "./definition.ts"
import { logic } from "./logic.ts"
import { moves } from "./move.ts"
import { stack } from "./stack.ts"
import { system } from "./system.ts"

const families: ReadonlyArray<ReadonlyArray<InstructionRow>> = [moves, stack, sums, logic, branches, atomics, system]

export const instructionRows: ReadonlyArray<InstructionRow> = families.flat()

/** By name. */
export const instructions: Readonly<Record<string, InstructionRow>> = table(...instructionRows)
