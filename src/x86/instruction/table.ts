/** The instruction table: every family once. */
import { table } from "../../base/table.ts"
import { sums } from "./add.ts"
import { atomics } from "./atomic.ts"
import { bits } from "./bit.ts"
import { branches } from "./branch.ts"
import type { InstructionRow } from "./definition.ts"
import { logic } from "./logic.ts"
import { moves } from "./move.ts"
import { products } from "./multiply.ts"
import { shifts } from "./shift.ts"
import { stack } from "./stack.ts"
import { strings } from "./string.ts"
import { system } from "./system.ts"
import { vectors } from "./vector.ts"
import { vectorMoves } from "./vector-move.ts"

const families: ReadonlyArray<ReadonlyArray<InstructionRow>> = [
  moves, stack, sums, logic, shifts, products, bits, branches, atomics, strings, vectorMoves, vectors, system
]

export const instructionRows: ReadonlyArray<InstructionRow> = Object.values(table(...families.flat()))
