import type { Action, Inventory, Server } from "./inventory.ts";

/** A cloud whose servers boot: what its APIs say to whoever runs its machines, in our words. */
export interface Source {
  /** What must act at once, where it may differ from before. */
  filters(): Promise<Partial<Pick<Inventory, "groups">>>;
  /**
   * What is different now.
   *
   * @param whole also what changes seldom
   */
  look(before: Inventory, whole: boolean): Promise<Partial<Inventory>>;
  /** What was ordered of a server, newest first. */
  actions(server: Server): Promise<readonly Action[]>;
  /** The public key that it was made with. */
  key(server: Server): Promise<string>;
  /** Tells the cloud that a guest has powered itself off. */
  poweredOff(server: Server): Promise<void>;
}
