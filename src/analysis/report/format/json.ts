/** Values as JSON that is safe wherever JSON is put: in a terminal, in a log, inside a `<script>` element. */

/**
 * The JSON encoder, with `<`, `>`, `&`, DEL, C1, line separators and what has no width as `\u` escapes: still the same value,
 * and no `</script>`, no `]]>`, no escape sequence. `indent` as in `JSON.stringify`.
 */
export const encodeJson = (value: unknown, indent = 0): string =>
  (JSON.stringify(value, undefined, indent) ?? "null").replace(/[<>&\u007f-\u009f\u2028\u2029]|\p{Cf}/gu, (character) => {
    let escaped = ""
    for (let at = 0; at < character.length; at += 1) escaped += `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`
    return escaped
  })
