/**
 * Something that polder doesn't control failed: the cloud, a host, the network, a program. The message is one line
 * that says what to do next; a stack trace would help nobody.
 */
export class ExternalFailure extends Error {
  override readonly name: string = "ExternalFailure";
  readonly exitCode = 3;
}
