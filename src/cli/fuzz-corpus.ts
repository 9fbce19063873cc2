/** What a campaign goes on from: a corpus, or the runs before it made again. */
import * as Effect from "effect/Effect"
import { plural } from "../analysis/report/reporter/default.ts"
import { grouped } from "../base/bits.ts"
import { campaign, type BatchMaker, type CampaignOptions } from "../lab/campaign.ts"
import { corpusFolder, openCorpus } from "../lab/corpus.ts"
import { generationOf } from "../search/breed.ts"
import { isBred } from "../search/fuzz.ts"
import { say } from "./say.ts"

/** Opens the corpus of a program, and says what is odd about it. */
export const corpusOf = (corpora: ReadonlyArray<string>, home: string, key: string) =>
  Effect.gen(function*() {
    const corpus = yield* openCorpus([corpora[0] ?? corpusFolder(home), ...corpora.slice(1)], key)
    if (corpus.skippedCount > 0) yield* say(`${plural(corpus.skippedCount, "file")} of the corpus passed over: damaged, or none of ours`)
    if (corpus.isLacking) yield* say("schedules that this campaign had kept are gone or changed, and runs are bred from them: it begins again")
    return corpus
  })

/** A run that is bred wants the runs before it: they are made again, and nothing is told of them. */
export const breedAgain = (maker: BatchMaker, asked: CampaignOptions, run: number) => {
  const { parentsBefore } = generationOf(run)
  if (!isBred(run)) return Effect.void
  return Effect.andThen(
    say(`run ${grouped(run)} is bred from runs before ${grouped(parentsBefore)}: they are made again`),
    campaign(maker, { ...asked, found: { hits: [], failingCount: 0 }, from: 0, until: parentsBefore, isKeptGoing: true })
  )
}
