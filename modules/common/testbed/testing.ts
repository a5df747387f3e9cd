import type { Testbed } from "./index.ts";

/** A test bed that is down. */
export const testbedDown: Testbed = {
  status: async () => ({ state: "down", apiHost: undefined }),
  login: () => undefined,
  people: "/nonexistent",
  internet: {
    name: "nowhere",
    command: () => {
      throw new Error("the test bed is down");
    },
  },
};
