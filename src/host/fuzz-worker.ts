/** A thread that makes batches: told what of, then a batch a message. */
import { parentPort, workerData } from "node:worker_threads"
import { batchesOf, type WorkerSpec } from "../lab/batch-worker.ts"
import type { BatchOptions } from "../search/batch.ts"
import { usePackaged } from "./packaged.ts"

usePackaged()
const run = batchesOf(workerData as WorkerSpec)
parentPort?.on("message", (batch: BatchOptions) => parentPort?.postMessage(run(batch)))
