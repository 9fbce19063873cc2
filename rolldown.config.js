import { writeInterpreter } from "./src/machine/engine/wasm/interpreter.ts"

// One bundle a door and a worker file. iced-x86 stays outside everywhere: it reads its .wasm from beside itself.
const icedOutside = ["iced-x86"]
// Programs bring their own Effect: two of them in one process do not know each other's services.
const packagesOutside = [...icedOutside, /^effect(\/|$)/, /^@effect\//, "msgpackr", "seedrandom"]

/** The interpreter, written from the instruction table once instead of in every process. */
const interpreter = {
  name: "interpreter",
  generateBundle() {
    this.emitFile({ type: "asset", fileName: "interpreter.wasm", source: writeInterpreter() })
  }
}

export default [
  {
    input: { cli: "src/cli/main.ts", "fuzz-worker": "src/host/fuzz-worker.ts" },
    platform: "node",
    external: icedOutside,
    plugins: [interpreter],
    output: { dir: "dist", format: "esm", sourcemap: true, chunkFileNames: "cli-[name].js" }
  },
  {
    input: { index: "src/api/index.ts", effect: "src/api/effect.ts" },
    platform: "node",
    external: packagesOutside,
    output: { dir: "dist", format: "esm", sourcemap: true, chunkFileNames: "api-[name].js" }
  }
]
