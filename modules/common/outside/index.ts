/**
 * The outside failed: the cloud, a host, the network, a program. The message is one line that says
 * what to do next; nobody wants a stack trace of somebody else's outage.
 */
export class OutsideFailure extends Error {
  override readonly name: string = "OutsideFailure";
  readonly exitCode = 3;
}
