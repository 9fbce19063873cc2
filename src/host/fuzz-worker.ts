/** A thread that makes batches: told what of, then a batch a message. */
import { parentPort, workerData } from "node:worker_threads"
import { type BatchMessage, batchesOf, type WorkerSpec } from "../lab/batch-worker.ts"
import { usePackaged } from "./packaged.ts"

usePackaged()
const run = batchesOf(workerData as WorkerSpec)
parentPort?.on("message", (batch: BatchMessage) => parentPort?.postMessage(run(batch)))
