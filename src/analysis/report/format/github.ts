/**
 * Text from strangers, for GitHub: workflow commands, the lines beside them, and Markdown summaries.
 *
 * Source: GitHub Actions, Workflow commands; actions/toolkit packages/core/src/command.ts (escapeData, escapeProperty)
 */
import { escapeHtml } from "./html.ts"

const hex = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`
const withoutControls = (text: string): string => text.replace(/[^\P{Cc}\t\n\r]|\p{Cs}|[\u2028\u2029]/gu, "\ufffd")

/** The message of `::error::`. Line ends survive as `%0A`. */
export const escapeGithubMessage = (text: string): string => withoutControls(text).replace(/[%\r\n]/g, hex)

/** A property of `::error file=…::`. */
export const escapeGithubProperty = (text: string): string => withoutControls(text).replace(/[%\r\n:,]/g, hex)

/** Guest output under this reporter: no line of it begins like a command, in the old spelling or the new. */
export const prefixGithubLines = (text: string): string =>
  withoutControls(text).split(/\r\n|[\r\n]/).map((line) => `| ${line}`).join("\n")

/** Text in a Markdown summary: nothing in it is a heading, a link, an image, a table or HTML. */
export const escapeMarkdown = (text: string): string =>
  escapeHtml(text.replace(/[\t\r\n]+/g, " ")).replace(/[\\*_{}[\]()#+\-.!|~@:/]/g, (character) => `&#${character.charCodeAt(0)};`)
