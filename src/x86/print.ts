/** Instructions as AT&T text, for timelines and for stops. */
import { Decoder, DecoderError, DecoderOptions, Formatter, FormatterSyntax, Instruction as Handle } from "iced-x86"

const formatter = new Formatter(FormatterSyntax.Gas)
formatter.spaceAfterOperandSeparator = true
formatter.hexPrefix = "0x"
formatter.hexSuffix = ""
formatter.uppercaseHex = false
formatter.branchLeadingZeros = false
formatter.ripRelativeAddresses = true

const handle = new Handle()

const hexByte = (byte: number): string => `0x${byte.toString(16).padStart(2, "0")}`

/** The instruction that `bytes` begin with, as it stands at `ip`: `mov %rax, 8(%rbx)`. What is none is `.byte 0x06`. */
export const printInstruction = (bytes: Uint8Array, ip: number): string => {
  const decoder = new Decoder(64, bytes, DecoderOptions.NoMPFX_0FBC | DecoderOptions.NoMPFX_0FBD)
  decoder.ip = BigInt(ip)
  decoder.decodeOut(handle)
  const error = decoder.lastError
  decoder.free()
  return error === DecoderError.None ? formatter.format(handle) : `.byte ${Array.from(bytes, hexByte).join(", ")}`
}
