// One entry for each door and each worker file. iced-x86 stays outside: it reads its .wasm from beside itself.
export default {
  input: { cli: "src/cli/main.ts", index: "src/api/index.ts" },
  platform: "node",
  external: ["iced-x86"],
  output: { dir: "dist", format: "esm", sourcemap: true }
}
