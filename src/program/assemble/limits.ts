/**
 * What a text may ask for at most. A text is anybody's: it ends in the typed error, quickly, and never
 * in our memory.
 */
export const SOURCE_BYTES_MAX = 16 * 1024 * 1024
export const LINE_LENGTH_MAX = 16_384
/** Of all sections together, zeros included. */
export const OUTPUT_BYTES_MAX = 64 * 1024 * 1024
/** Statements met while assembling, those made by macros and repetitions included. */
export const STATEMENT_COUNT_MAX = 1_000_000
/** Characters that macros and repetitions may make. */
export const EXPANSION_LENGTH_MAX = 16 * 1024 * 1024
/** Macros and repetitions in each other; parentheses in an expression; definitions that hang on definitions. */
export const NESTING_MAX = 64
export const OPERATOR_COUNT_MAX = 256
export const ALIGNMENT_BYTES_MAX = 1024 * 1024
/** Before this many rounds branches have found their sizes; after it all that are left get the long form. */
export const RELAXATION_ROUND_MAX = 64
