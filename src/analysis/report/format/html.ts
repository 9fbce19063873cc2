/** Text from strangers, as HTML. */

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&quot;", "'": "&#39;", "`": "&#96;" }

/** For text and for quoted attribute values; never for a name, a URL, a script or a style. Control characters become U+FFFD. */
export const escapeHtml = (text: string): string =>
  text.replace(/[^\P{Cc}\t\n\r]|\p{Cs}/gu, "\ufffd").replace(/[&<>"'`]/g, (character) => entities[character] ?? "")
