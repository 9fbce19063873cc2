/** A disk that is full: a real one where we may mount it, else files that may not grow. What is found is told all the same. */
import { spawnSync } from "node:child_process"
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "vitest"
import { root, rseqlab, scratchFolder } from "./spawned.ts"

const bad = join(root, "examples/percpu-push-bad.s")
const folder = scratchFolder()

/** All files under a folder, with their sizes. */
const filesUnder = (at: string): ReadonlyArray<readonly [name: string, sizeBytes: number]> =>
  readdirSync(at, { recursive: true, encoding: "utf8" }).map((name) => [name, statSync(join(at, name))] as const)
    .filter(([, found]) => found.isFile()).map(([name, { size }]) => [name, size] as const)

const checkTold = (stdout: string, stderr: string, why: RegExp, cwd: string): void => {
  assert.match(stderr, why)
  assert.match(stderr, /not saved: /)
  assert.match(stdout, /^FOUND [a-z-]+ in percpu-push-bad\.s/)
  assert.match(stdout, /schedule {2}1\.[12]@/)
  const [, again = ""] = /again {5}rseqlab (.*)/.exec(stdout) ?? []
  const elsewhere = scratchFolder()
  assert.strictEqual(rseqlab(again.split(" "), { cwd: elsewhere }).code, 1, again)
  const left = filesUnder(cwd).filter(([name, sizeBytes]) => name.endsWith(".part") || (sizeBytes === 0 && name.includes(".rseqlab")))
  assert.deepStrictEqual(left, [], "nothing half written is left")
}

const disk = join(folder, "disk")
mkdirSync(disk)
const isMounted = process.getuid?.() === 0 && spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", disk]).status === 0
afterAll(() => {
  if (isMounted) spawnSync("umount", [disk])
})

describe("fuzz on a disk that is full", () => {
  it.skipIf(!isMounted)("tells the failure, with the command that makes it again, and leaves nothing behind", () => {
    try {
      writeFileSync(join(disk, "filler"), Buffer.alloc(1 << 20))
    } catch {
      // As much as there is room for.
    }
    const { code, stderr, stdout } = rseqlab(["fuzz", bad], { cwd: disk })
    assert.strictEqual(code, 1, stderr)
    checkTold(stdout, stderr, /its disk is full/, disk)
  })

  it("does the same where files may not grow", () => {
    const cwd = join(folder, "small")
    mkdirSync(cwd)
    const words = [process.execPath, join(root, "src/cli/main.ts"), "fuzz", bad]
    const { status, stderr, stdout } = spawnSync("sh", ["-c", "trap '' XFSZ; ulimit -f 1; exec \"$@\"", "sh", ...words], { cwd, encoding: "utf8" })
    assert.strictEqual(status, 1, stderr)
    checkTold(stdout, stderr, /larger than the file system allows/, cwd)
  })
})
