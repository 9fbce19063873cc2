/** What a process of ours ends with. Scripts, CI and `git bisect run` read these numbers: they never change. */
import { table } from "../base/table.ts"
import type { Outcome } from "../log/outcome.ts"

export const exits = table(
  { name: "passed", code: 0, meaning: "no failure found; the replay gave the recorded result" },
  { name: "failed", code: 1, meaning: "failure found: a wrong result, a crash of the guest, a deadlock" },
  { name: "usage", code: 2, meaning: "the command line is wrong, or names a file that cannot be used" },
  { name: "limit", code: 3, meaning: "a limit of ours ended the run: --max-icount, --max-memory, --max-tasks" },
  { name: "no-passing-end", code: 4, meaning: "a passing run is needed and there is none" },
  { name: "diverged", code: 5, meaning: "the replay did not give the recorded run" },
  { name: "unsupported", code: 6, meaning: "cannot go on: an opcode, a call, a file or a version that is not supported, also where a program fails after such a call" },
  { name: "bug", code: 70, meaning: "a mistake in rseqlab itself" },
  { name: "timeout", code: 124, meaning: "the wall-clock limit was reached and nothing found, under --fail-on-timeout" },
  { name: "cannot-judge", code: 125, meaning: "this build cannot be judged" },
  { name: "interrupted", code: 130, meaning: "interrupted by Ctrl-C, SIGTERM or SIGHUP" }
)
export type ExitName = keyof typeof exits

export const exitCode = (name: ExitName): number => exits[name].code

/** What a run showed, in one word, whatever the status it ended with. */
export type Verdict = "passed" | "failed" | "limit" | "unsupported" | "abandoned"

/** `unmodelled`: calls the program made that Linux has and we have not. What fails after one of them may be our failure. */
export const verdictOf = (outcome: Outcome, unmodelled: ReadonlyArray<number> = []): Verdict => {
  const verdict = verdictOfOutcome(outcome)
  return verdict === "failed" && unmodelled.length > 0 ? "unsupported" : verdict
}

const verdictOfOutcome = (outcome: Outcome): Verdict => {
  switch (outcome._tag) {
    case "Exited":
      return outcome.status === 0 ? "passed" : "failed"
    case "Killed":
    case "Deadlocked":
      return "failed"
    case "OutOfBudget":
      return "limit"
    case "Unsupported":
      return "unsupported"
    case "Abandoned":
      return "abandoned"
  }
}

export const exitOfVerdict: Readonly<Record<Verdict, ExitName>> = {
  passed: "passed", failed: "failed", limit: "limit", unsupported: "unsupported", abandoned: "interrupted"
}

/** The code a verdict stands for; `expectFail` swaps passed and failed, for runs that pin a contract known to be broken. */
export const codeOfVerdict = (verdict: Verdict, expectFail = false): number => {
  const shown = !expectFail ? verdict : verdict === "passed" ? "failed" : verdict === "failed" ? "passed" : verdict
  return exitCode(exitOfVerdict[shown])
}

const SIGNAL_STATUS_BASE = 128

/** The guest's own status where it has one (128 + n for a fatal signal n), as `env` passes it on; our code where we ended the run. */
export const codeOfGuest = (outcome: Outcome, verdict = verdictOf(outcome)): number =>
  verdict === "unsupported" ? codeOfVerdict(verdict)
  : outcome._tag === "Exited" ? outcome.status
  : outcome._tag === "Killed" ? SIGNAL_STATUS_BASE + outcome.signal
  : codeOfVerdict(verdict)
