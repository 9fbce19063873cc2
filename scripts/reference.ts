/** Writes docs/reference/ from the tables: `npm run docs`. A test makes the pages again and compares. */
import { mkdirSync, writeFileSync } from "node:fs"
import { detectors } from "../src/analysis/detect/table.ts"
import { hex } from "../src/base/bits.ts"
import type { AbiDefinition } from "../src/kernel/abi/definition.ts"
import { abis } from "../src/kernel/abi/table.ts"
import type { AnySyscall } from "../src/kernel/syscall/definition.ts"
import { syscalls } from "../src/kernel/syscall/table.ts"
import { defaultMenu, type Kind, kindNames, kinds } from "../src/log/choice.ts"
import { applied, observed, watched } from "../src/log/event.ts"
import { strategies } from "../src/strategy/table.ts"
import type { InstructionRow } from "../src/x86/instruction/definition.ts"
import { instructionRows } from "../src/x86/instruction/table.ts"

type Cell = string | number | undefined

/** Text in a cell: one line, and no bar of its own. */
const cell = (text: Cell): string => String(text ?? "").replace(/\s+/g, " ").replace(/\|/g, "\\|")
const code = (text: string): string => `\`${text}\``
const codes = (texts: ReadonlyArray<string>): string => texts.map(code).join(" ")

const tableOf = (headings: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<Cell>>): string =>
  [headings, headings.map(() => "---"), ...rows].map((row) => `| ${row.map(cell).join(" | ")} |`).join("\n")

const page = (title: string, lead: string, ...parts: ReadonlyArray<string>): string =>
  [`# ${title}`, lead, ...parts, `Generated from the tables by ${code("npm run docs")}.`].join("\n\n") + "\n"

// ---- a page a table

const supportOf = ({ support }: AnySyscall): string => (support === "full" ? "" : support.partial)

const callRow = (call: AnySyscall): ReadonlyArray<Cell> => [
  call.number,
  code(`${call.name}(${Object.entries(call.parameters).map(([name, kind]) => `${name}: ${kind}`).join(", ")})`),
  call.summary,
  call.errors.join(" "),
  supportOf(call),
  call.pauses?.map(({ allows, name }) => `${name} (${allows.join(", ")})`).join("; "),
  call.source
]
const callHeadings = ["number", "call", "what it does", "errors, in the order they are looked for", "limits", "pauses", "source"]
const byNumber = (rows: ReadonlyArray<AnySyscall>): ReadonlyArray<AnySyscall> => rows.toSorted((a, b) => a.number - b.number)

const syscallPage = (): string => {
  const rows = byNumber(Object.values<AnySyscall>(syscalls))
  return page(
    "System calls",
    `${rows.length} calls of x86-64 Linux. Calls that a contract brings are on the page of [contracts](contracts.md), and are found before these. Any other number `
      + "answers ENOSYS, is counted, and is listed when the run ends.",
    tableOf(callHeadings, rows.map(callRow))
  )
}

const openText = ({ open, openResult }: InstructionRow): string => [
  ...(open ?? []).map(({ flags, when }) => `${flags.join(" ")} ${when === "always" ? "always" : `if the ${when}`}`),
  ...(openResult === undefined ? [] : [`the result if the ${openResult}`])
].join("; ")

const shapeOf = (shape: string): string => (shape === "" ? "none" : shape)

const instructionPage = (): string => page(
  "Instructions",
  `${instructionRows.length} rows. A letter of a shape is an operand, the destination first: \`r\` register, \`m\` memory, \`i\` immediate, \`c\` the register cl, \`x\` vector register, `
    + "`v` 16 bytes of memory, `j` a branch target, `*` any. What is left open by the manual is masked when a processor judges; ours is deterministic. "
    + "Any other instruction ends the run with its address and bytes.",
  tableOf(
    ["instruction", "also", "shapes", "widths", "LOCK", "left open", "source"],
    instructionRows.map((row) => [
      code(row.name), codes((row.mnemonics ?? []).filter((name) => name !== row.name)), row.shapes.map(shapeOf).map(code).join(" "), row.widths.join(" "),
      row.mayBeLocked === true ? "yes" : "", openText(row), row.source
    ])
  )
)

const eventRowsOf = (rows: typeof applied | typeof observed | typeof watched): string => tableOf(
  ["event", "what it says", "fields"],
  Object.entries(rows).map(([tag, { doc, fields }]) =>
    [code(tag), doc, Object.entries(fields).map(([name, kind]) => `${code(name)} ${kind}`).join(", ")])
)

const eventPage = (): string => page(
  "Events",
  "What a run writes down. Each entry also has its index, `now`, the CPU, the task and the task's count. Fields are stored in this order; a recording carries this table in its "
    + "dictionary and is read by name.",
  "## Applied\n\nThey change what the kernel knows: folding them gives its state back.",
  eventRowsOf(applied),
  "## Observed\n\nThey change nothing.",
  eventRowsOf(observed),
  "## Watched\n\nWhat an observer saw, from marks and watches: made again by a replay that looks at the same, and never counted or compared.",
  eventRowsOf(watched)
)

const kindRow = (kind: Kind): ReadonlyArray<Cell> => {
  const { asked, effect, events, oneIn, options, quiet } = kinds[kind]
  return [code(kind), asked, options.name, quiet, effect, codes(events), defaultMenu.kinds.has(kind) ? "yes" : "no", `1/${oneIn}`]
}

const kindPage = (): string => {
  const headings = ["kind", "asked", "options", "quiet", "effect", "events", "on the default menu", "rate under `random`"]
  const those = (is: string) => tableOf(headings, kindNames.filter((kind) => kinds[kind].is === is).map(kindRow))
  return page(
    "Kinds of choice",
    "Everything that could go another way. In a schedule: `TASK@COUNT:KIND=OPTION`, with `/N` behind the count where it is not the first.",
    "## Interruptions\n\nThey may befall the task that runs, at any boundary between two of its instructions.",
    those("interruption"),
    "## Questions\n\nThe kernel asks them inside an entry.",
    those("question")
  )
}

const moments = [
  "onUserInterrupted", "onRescheduleWanted", "onCpuTaken", "onScheduleOut", "onCpuSet", "onScheduleIn", "onSignal", "onUserReturn", "onCallEntered", "onCallReturned", "onInterrupt",
  "onFork", "onExit"
] as const satisfies ReadonlyArray<keyof AbiDefinition>
/** Every moment there is, or this does not compile. */
type Missing = Exclude<Extract<keyof AbiDefinition, `on${string}`>, (typeof moments)[number]>
const noneMissing: Missing extends never ? true : never = true

const contractPage = (): string => {
  const rows = Object.values<AbiDefinition>(abis)
  return page(
    "Contracts",
    "Rival contracts between user code and the kernel about interrupted sequences: `--abi NAME`, or several where no call number clashes: `--abi mainline-6.12,opv-v12`.",
    tableOf(["contract", "what it is", "source"], rows.map(({ name, source, summary }) => [code(name), summary, source])),
    "## At which moments a contract does something",
    tableOf(
      ["moment", ...rows.map(({ name }) => name)],
      moments.filter(() => noneMissing).map((moment) => [moment.slice(2).replace(/(?<=.)[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).toLowerCase(), ...rows.map((row) => (row[moment] === undefined ? "" : "x"))])
    ),
    ...rows.filter(({ calls }) => calls.length > 0).flatMap(({ auxv, calls, name }) => [
      `## Calls of ${name}`,
      tableOf(callHeadings, byNumber(calls).map(callRow)),
      ...(auxv === undefined || auxv.length === 0 ? [] : [`In the auxiliary vector: ${auxv.map(([type, value]) => `type ${type} is ${hex(value)}`).join(", ")}.`])
    ])
  )
}

const strategyPage = (): string => page(
  "Strategies",
  "Who decides: `--strategy NAME`. `--seed` alone means `random`.",
  tableOf(
    ["strategy", "what it does", "source"],
    Object.values(strategies).map(({ name, source, summary }) => [code(name), summary, source])
  )
)

const detectorPage = (): string => page(
  "Detectors",
  "What is wrong in a log, found from its entries alone.",
  ...Object.values(detectors).map(({ canary, name, page: text, rule, severity, watches }) => [
    `## ${name}`,
    `Rule: ${rule}.`,
    text,
    `Severity: ${severity}. Watches: ${codes(watches)}. Canary: ${code(canary)}.`
  ].join("\n\n"))
)

/** The pages, by file name under docs/reference/. */
export const referencePages = (): ReadonlyMap<string, string> => new Map([
  ["syscalls.md", syscallPage()],
  ["instructions.md", instructionPage()],
  ["events.md", eventPage()],
  ["kinds.md", kindPage()],
  ["contracts.md", contractPage()],
  ["strategies.md", strategyPage()],
  ["detectors.md", detectorPage()]
])

export const referenceFolder = new URL("../docs/reference/", import.meta.url)

if (import.meta.main) {
  mkdirSync(referenceFolder, { recursive: true })
  for (const [name, text] of referencePages()) writeFileSync(new URL(name, referenceFolder), text)
}
