/**
 * Why a run fails, as far as one word can say it: what makes two failures one bug, and what their name is a hash of.
 *
 * Chance comes to one bug by many ways. So the cause is not where its deviations fell, but what they led to: the rule that is
 * broken, and beside it the rule that names the mistake, or else the data that somebody changed meanwhile. Places are by symbol.
 */
import type { Finding, FindingKind } from "../analysis/detect/definition.ts"
import { placesOf } from "../analysis/timeline/reading.ts"
import type { Address } from "../base/ids.ts"
import type { Program } from "../program/program.ts"
import type { Explanation } from "./explain.ts"
import type { Reaction } from "./meanwhile.ts"

/** Why a contract did nothing is the affair of the deviation: another at the same place may be noticed. */
const reactedTo = (reaction: Reaction | undefined): string => (reaction?._tag === "Aborted" || reaction?._tag === "Killed" ? reaction._tag : "")

/** They say how a run ends, and not what is wrong. */
const ends: ReadonlySet<string> = new Set(["guest-failure", "deadlock", "livelock"])

/** What else the detectors find that a quiet run does not show: where the finding is but an end, that names the mistake. */
export const namedBy = ({ detector }: Finding, seen: Explanation["seen"]): Explanation["seen"][number] | undefined =>
  ends.has(detector) ? seen.find(({ isDue, severity }) => isDue && severity !== "note") : undefined

/** `firstIp`: the first place at which the deviation that decides makes the run fail; told where nothing else is. */
export const causeOf = (program: Program, finding: Finding, explanation: Explanation | undefined, firstIp: Address | undefined): string => {
  const placeOf = placesOf(program)
  const place = (at: Address | undefined): string => (at === undefined ? "" : placeOf(at))
  const kind = ({ about, detector, section }: FindingKind): ReadonlyArray<string> => [detector, place(section), place(about)]
  // A rule that names the mistake is broken whoever is stopped, and where.
  if (finding.about !== undefined || (!ends.has(finding.detector) && finding.section !== undefined)) return kind(finding).join("\n")
  const named = namedBy(finding, explanation?.seen ?? [])
  if (named !== undefined) return [...kind(finding), ...kind(named)].join("\n")
  if (explanation === undefined) return [...kind(finding), finding.message].join("\n")
  const { reaction, told } = explanation
  if (told !== undefined) return [...kind(finding), place(told.address)].join("\n")
  return [...kind(finding), place(firstIp), reactedTo(reaction)].join("\n")
}
