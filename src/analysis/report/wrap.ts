/** Text over lines of so many columns: `first` stands before the first, as many blanks before the others. Long words stay whole. */
export const wrap = (text: string, columns: number, first = ""): ReadonlyArray<string> => {
  const indent = " ".repeat(first.length)
  const lines: Array<string> = []
  let line = ""
  for (const word of text.split(" ")) {
    if (line !== "" && first.length + line.length + 1 + word.length > columns) {
      lines.push(line)
      line = word
    } else line = line === "" ? word : `${line} ${word}`
  }
  return [...lines, line].map((each, index) => (index === 0 ? first : indent) + each)
}
