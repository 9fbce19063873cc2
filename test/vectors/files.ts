/** The files of vectors, beside this one. */
import { readFileSync, readdirSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { Packr } from "msgpackr"
import type { VectorFile } from "./format.ts"

const packr = new Packr({ useRecords: false })
const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

export const vectorFileNames = (): ReadonlyArray<string> =>
  readdirSync(fileURLToPath(new URL(".", import.meta.url))).filter((name) => name.endsWith(".msgpack")).sort()

export const readVectorFile = (name: string): VectorFile => packr.unpack(readFileSync(pathOf(name))) as VectorFile

/** Returns its size. */
export const writeVectorFile = (name: string, file: VectorFile): number => {
  const bytes = packr.pack(file)
  writeFileSync(pathOf(name), bytes)
  return bytes.length
}
