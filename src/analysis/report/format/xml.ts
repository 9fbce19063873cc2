/** Text from strangers, as XML 1.0 (JUnit). */

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&quot;", "'": "&apos;" }

/**
 * For text and for attribute values in either quotes. A character XML 1.0 forbids even as a reference becomes U+FFFD;
 * tab and line ends are references, so that an attribute keeps them.
 *
 * Source: Extensible Markup Language (XML) 1.0, fifth edition, 2.2 Characters and 3.3.3 Attribute-Value Normalization
 */
export const escapeXml = (text: string): string =>
  text
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replace(/[\u007f-\u009f\ufdd0-\ufdef]/g, "\ufffd")
    .replace(/[&<>"']/g, (character) => entities[character] ?? "")
    .replace(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`)
