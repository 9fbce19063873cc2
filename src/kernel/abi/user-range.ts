import { type Address, TASK_SIZE } from "../../base/ids.ts"

/** Whether all bytes lie where user memory may be, mapped or not. Source: Linux arch/x86/include/asm/uaccess_64.h access_ok */
export const isUserRange = (at: Address, lengthBytes: number): boolean => at + lengthBytes <= TASK_SIZE
