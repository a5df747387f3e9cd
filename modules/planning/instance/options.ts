/** What `readInstance` must know besides the file's text. */
export interface ReadOptions {
  /** Path to show in messages. */
  readonly file: string;
  /** Name of the folder that the file is in. */
  readonly folder: string;
  /** Ids of policy rules that may be waived. */
  readonly waivable: readonly string[];
  /** Ids of the known locations; left out, any text passes. */
  readonly locations?: readonly string[];
}
