/** What a secret is, for the table of keys and for what makes it. */
export type SecretKind =
  | "private key"
  | "certificate"
  | "public key"
  | "password"
  | "account file"
  | "shared secret"
  | "age identity"
  | "age recipient"
  | "date";

/** One value of a vault: what it is for, where it goes, how long it lives, what to do without it. */
export interface SecretSpec {
  /** Its key in the vault and in references of rendered files, such as `turn/shared-secret`. */
  readonly name: string;
  readonly kind: SecretKind;
  readonly purpose: string;
  /** Ids of the hosts that hold it; empty: never on a host. */
  readonly hosts: readonly string[];
  /** Whether anybody may see it. It lies in the vault all the same, beside what it belongs to. */
  readonly public: boolean;
  readonly vault: "instance" | "issuer";
  /** Who may read it: people, and accounts on the hosts that hold it. */
  readonly readers: string;
  /** Days from making to end of use; null: it ends with the instance, or with what it belongs to. */
  readonly lifetimeDays: number | null;
  /** How a new one comes, and what its users notice. */
  readonly rotation: string;
  /** What to do when it is gone, or somebody else has it. */
  readonly loss: string;
  /** Made by somebody else, so that it comes by `polder keys set` or `install`, never by itself. */
  readonly given: boolean;
}
