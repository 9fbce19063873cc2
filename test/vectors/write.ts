/**
 * Writes the vectors from this processor: `npx node test/vectors/write.ts`.
 *
 * Needed when a form is new, or when the generator of cases has changed; never to make a test pass.
 */
import { assert } from "../../src/base/assert.ts"
import { grouped } from "../../src/base/bits.ts"
import { casesOf } from "../hardware/case.ts"
import { judgedRows } from "../hardware/judged.ts"
import { openProcessor } from "../hardware/processor.ts"
import { writeVectorFile } from "./files.ts"
import { CASES_PER_FORM, VECTOR_SEED, type VectorForm, digestOf, writeResults } from "./format.ts"

const processor = openProcessor()
assert(processor !== undefined, "vectors are written where there is gcc and an x86-64 processor")

const files: Record<"integer" | "vector", Array<VectorForm>> = { integer: [], vector: [] }
for (const { encodings, form } of [...judgedRows().values()].flat().sort((a, b) => (a.form.name < b.form.name ? -1 : 1))) {
  const cases = casesOf(form, encodings, VECTOR_SEED, CASES_PER_FORM)
  const entry: VectorForm = [form.name, digestOf(cases), writeResults(cases, processor.run(cases))]
  files[/[xv]/.test(form.shape) ? "vector" : "integer"].push(entry)
}
processor.close()
for (const [name, forms] of Object.entries(files)) {
  const bytes = writeVectorFile(`${name}.msgpack`, [1, VECTOR_SEED, CASES_PER_FORM, forms])
  console.log(`${name}.msgpack: ${forms.length} forms, ${grouped(bytes)} bytes`)
}
