import { FORMAT_VERSION, KERNEL_VERSION, quietPolicy, TOOL_VERSION } from "../log/version.ts"

/** What this build is, and what its recordings are: equal numbers, equal runs. */
export const versionText = [
  `rseqlab ${TOOL_VERSION}`,
  `engine and kernel ${KERNEL_VERSION}`,
  `recording format ${FORMAT_VERSION}`,
  `quiet policy ${quietPolicy.number}`
].join("\n")
