/** Variables of a cloud's clients, by name. */
export type Login = Readonly<Record<string, string>>;

/**
 * The test bed that instances of profile `lab` stand in: all that the product knows of the lab. The caller of the
 * product passes it in.
 */
export interface Testbed {
  /** How it is, and the host that its APIs answer under: undefined before its first start. */
  readonly status: () => Promise<{ readonly state: string; readonly apiHost: string | undefined }>;
  /**
   * Its own login for a cloud, as the environment of that cloud's clients.
   *
   * @param cloud as the instance file names it
   * @param instance whose; absent: what holds the logins of all
   * @returns undefined when it is down, or knows no such instance
   */
  readonly login: (cloud: string, instance?: string) => Login | undefined;
  /** The folder with the keys of its own people. */
  readonly people: string;
  /** Where an attacker stands. */
  readonly internet: {
    readonly name: string;
    /** The command that runs another there. @throws Error when the test bed is down */
    readonly command: (command: readonly string[]) => readonly string[];
  };
}
