import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    pool: "threads",
    // By default one core is left alone: of two that is half.
    maxWorkers: "100%"
  }
})
