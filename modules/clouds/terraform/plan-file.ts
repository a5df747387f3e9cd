import { decode } from "@msgpack/msgpack";
import { unzipSync } from "fflate";

/** Where a plan file says that the state lies: `terraform show` doesn't tell it. */
export interface PlannedBackend {
  readonly type: string;
  /** Its settings; unset ones are null. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly workspace: string;
}

/** A field of a message of Protocol Buffers: its number and, of those with a length, its bytes. */
interface Field {
  readonly number: number;
  readonly bytes?: Uint8Array;
}

/** Reads the fields of a message one after the other. @throws RangeError when it isn't one */
function* fieldsOf(message: Uint8Array): Generator<Field> {
  let at = 0;
  const byte = () => {
    const value = message[at++];
    if (value === undefined) throw new RangeError("ends in the middle of a field");
    return value;
  };
  const varint = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const part = byte();
      value += (part & 127) * shift;
      if (part < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const [number, kind] = [Math.floor(tag / 8), tag % 8];
    if (kind === 2) {
      const length = varint();
      if (at + length > message.length) throw new RangeError("ends in the middle of a field");
      yield { number, bytes: message.subarray(at, at + length) };
      at += length;
    } else if (kind === 0) {
      varint();
      yield { number };
    } else {
      at += kind === 1 ? 8 : 4;
      yield { number };
    }
  }
}

/** The last field of a number counts. */
const fieldOf = (message: Uint8Array, number: number): Uint8Array =>
  [...fieldsOf(message)].filter((field) => field.number === number).at(-1)?.bytes ??
  new Uint8Array();

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Numbers of planfile.proto, which Terraform 1.0 and OpenTofu 1.6 and their successors share. */
const PLAN = { backend: 13 } as const;
const BACKEND = { type: 1, config: 2, workspace: 3 } as const;
const DYNAMIC_VALUE = { msgpack: 1 } as const;

/**
 * Where the state of a saved plan lies.
 *
 * @param file all bytes of the plan file
 * @throws Error when it is no plan file, or one of another form
 */
export function backendOf(file: Uint8Array): PlannedBackend {
  const plan = unzipSync(file, { filter: ({ name }) => name === "tfplan" })["tfplan"];
  if (!plan) throw new Error("holds no plan");
  const backend = fieldOf(plan, PLAN.backend);
  return {
    type: text(fieldOf(backend, BACKEND.type)),
    config: decode(fieldOf(fieldOf(backend, BACKEND.config), DYNAMIC_VALUE.msgpack)) as Record<
      string,
      unknown
    >,
    workspace: text(fieldOf(backend, BACKEND.workspace)),
  };
}
