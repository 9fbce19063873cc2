import { TASK_SIZE } from "../../base/ids.ts"
import { defineSyscall, failed, returned, unsupported } from "./definition.ts"

const ARCH_SET_GS = 0x1001
const ARCH_SET_FS = 0x1002
const ARCH_GET_FS = 0x1003
const ARCH_GET_GS = 0x1004
const ARCH_GET_CPUID = 0x1011
const ARCH_SET_CPUID = 0x1012

export const archPrctl = defineSyscall({
  name: "arch_prctl",
  parameters: { code: "i32", address: "u64" },
  summary: "the bases of fs and gs",
  support: { partial: "SET_FS, GET_FS, SET_GS, GET_GS; nothing else is there, and CPUID cannot be made to fault" },
  errors: ["EPERM", "EFAULT", "EINVAL"],
  source: "arch_prctl(2); Linux arch/x86/kernel/process_64.c do_arch_prctl_64",
  perform: (kernel, task, { address, code }) => {
    const registers = kernel.registers(task)
    switch (code) {
      case ARCH_SET_FS:
      case ARCH_SET_GS:
        if (address >= BigInt(TASK_SIZE)) return failed("EPERM")
        if (code === ARCH_SET_FS) registers.setFsBase(address)
        else registers.setGsBase(address)
        return returned()
      case ARCH_GET_FS:
      case ARCH_GET_GS: {
        const base = code === ARCH_GET_FS ? registers.fsBase() : registers.gsBase()
        return kernel.memory(task).write64(Number(address), base) ? returned() : failed("EFAULT")
      }
      case ARCH_GET_CPUID:
      case ARCH_SET_CPUID:
        return unsupported("arch_prctl cannot make CPUID fault")
      default:
        return failed("EINVAL")
    }
  }
})
