/**
 * Bounds on what comes from outside. Everything in a recording or a schedule's text, checksums included, may be chosen by an
 * enemy: what is said there is believed only inside these bounds.
 */
export interface RecordingLimits {
  /** Longest recording read at all. */
  readonly recordingBytesMax: number
  /** Longest frame, and longest chunk after decompression. */
  readonly frameBytesMax: number
  readonly frameCountMax: number
  /** Levels of arrays inside arrays in one frame. */
  readonly depthMax: number
  /** Values in one packed value, all levels together. */
  readonly valueCountMax: number
  readonly textLengthMax: number
  readonly deviationCountMax: number
  readonly taskCountMax: number
  /** Texts, and shapes of deviations, over the whole recording. */
  readonly nameCountMax: number
  /** The program, packed. */
  readonly programBytesMax: number
  readonly programValueCountMax: number
  /** Values of a program: at most so many and one for each byte of the recording, for a row of a table takes a hundred when it is read. */
  readonly programValueCountBase: number
  /** Everything decompressed comes to at most this and so many times the recording's own size. */
  readonly contentBytesBase: number
  readonly contentRatioMax: number
}

const MIB = 2 ** 20

/** What is read without being told otherwise. */
export const recordingLimits: RecordingLimits = {
  recordingBytesMax: 1024 * MIB,
  frameBytesMax: 16 * MIB,
  frameCountMax: 1_000_000,
  depthMax: 8,
  valueCountMax: 250_000,
  textLengthMax: 1 * MIB,
  deviationCountMax: 10_000_000,
  taskCountMax: 100_000,
  nameCountMax: 1_000_000,
  programBytesMax: 32 * MIB,
  programValueCountMax: 2_000_000,
  programValueCountBase: 400_000,
  contentBytesBase: 64 * MIB,
  contentRatioMax: 64
}

/** Bounds on the text of a schedule. */
export const SCHEDULE_TEXT_LENGTH_MAX = 16 * MIB
export const SCHEDULE_DEVIATION_COUNT_MAX = 1_000_000
export const SYMBOL_LENGTH_MAX = 256

/** Longest schedule of a recording that is held at once, to be told leniently. A strict replay holds none. */
export const RETOLD_DEVIATION_COUNT_MAX = 100_000
