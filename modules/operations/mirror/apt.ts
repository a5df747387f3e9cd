import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ExternalFailure } from "../../common/external-failure/index.ts";
import { DEBIAN_ARCHIVES } from "../../hosts/host/index.ts";
import { type ArchiveFile, parseUris } from "./release.ts";
import { run } from "./run.ts";

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const HELPER = "/usr/lib/apt/apt-helper";

/** What of `apt-config dump` says how this machine reaches the internet: proxies, certificates, logins. */
const TRANSPORT = /^(Acquire::(http|https|Retries)\b|Dir::Etc::netrc)/;

/** Whose archive it is, and what a person does where it fails. */
export interface AptWords {
  /** Who signs it, such as `Debian`. */
  readonly signer: string;
  /** After its address, where its lists have expired. */
  readonly expired: string;
  /** Where another's signature came, or none. */
  readonly unsigned: string;
  /** Where it doesn't answer. */
  readonly unreachable: string;
}

const DEBIAN: AptWords = {
  signer: "Debian",
  expired: "fill the folder again with `polder mirror`",
  unsigned: "fetch it again, from another mirror",
  unreachable: "--from names another mirror",
};

/** What apt says, and what a person can do about it. First match counts. */
const HINTS: readonly (readonly [RegExp, (found: string, words: AptWords) => string])[] = [
  [/Release file for (\S+) is expired/, (uri, { expired }) => `${uri} has expired: ${expired}`],
  [
    /Release file for (\S+) is not valid yet/,
    (uri) => `${uri} is of a later day than this machine's clock: set the clock`,
  ],
  [
    /(NO_PUBKEY|is not signed|invalid signature|BADSIG|EXPKEYSIG|signatures couldn't be verified)/,
    (_, { signer, unsigned }) => `an InRelease isn't signed by ${signer}: ${unsigned}`,
  ],
  [/Unable to locate package (\S+)/, (name, { signer }) => `${signer} has no package ${name}`],
  [
    /Package '(\S+)' has no installation candidate/,
    (name, { signer }) => `${signer} has no package ${name}`,
  ],
  [/No space left on device/, () => "the disk is full: make room and run it again"],
  [
    /(Hash Sum mismatch|unexpected size)/i,
    (what) => `${what}: the mirror changed meanwhile, or a file of it was changed: run it again`,
  ],
  [
    /(?:Could not connect to|Could not resolve|Unable to connect to|Cannot initiate the connection to) (\S+)/,
    (host, { unreachable }) => `${host} doesn't answer: this machine must reach it; ${unreachable}`,
  ],
];

/** apt's words in one line. */
export function explain(text: string, words: AptWords = DEBIAN): string {
  for (const [pattern, hint] of HINTS) {
    const found = pattern.exec(text);
    if (found) return hint(found[1] ?? "", words);
  }
  const lines = text.split("\n").filter((line) => /^(E|Err|Error):/.test(line));
  return (lines[0] ?? text.trim().split("\n").at(-1) ?? "apt failed").slice(0, 300);
}

/** A file to fetch. */
export interface Fetched extends ArchiveFile {
  readonly url: string;
  /** Where it comes to lie. */
  readonly target: string;
}

/** @throws ExternalFailure when this machine lacks a file of a package */
function needs(file: string, of: string): void {
  if (!existsSync(file))
    throw new ExternalFailure(
      `${file} isn't there: this needs Debian or Ubuntu with the package ${of}`,
    );
}

/** What apt reads, and by whose signature it believes it. */
export interface AptSources {
  /** Lines of sources.list(5). */
  readonly lines: readonly string[];
  /** A file of keys, of which `signed-by` of a line names one by its fingerprint. */
  readonly keys?: string;
  readonly words?: AptWords;
}

/** The machine's own apt, with a root of its own: nothing of the machine's sources, keys or packages counts. */
export class Apt {
  readonly #state: string;
  readonly #words: AptWords | undefined;

  private constructor(state: string, words: AptWords | undefined) {
    this.#state = state;
    this.#words = words;
  }

  /**
   * @param state where apt keeps its lists; may be lost
   * @throws ExternalFailure when this machine has no apt
   */
  static async reading(sources: AptSources, state: string): Promise<Apt> {
    needs(HELPER, "apt");
    const apt = new Apt(state, sources.words);
    await apt.#prepare(sources);
    return apt;
  }

  get #config(): string {
    return join(this.#state, "apt.conf");
  }

  /** A copy of a file of keys, under a name that apt takes. */
  #copied(keys: string): string {
    const data = readFileSync(keys);
    const copy = join(
      this.#state,
      data.subarray(0, 5).toString() === "-----" ? "keys.asc" : "keys.gpg",
    );
    writeFileSync(copy, data);
    return copy;
  }

  async #prepare({ lines, keys }: AptSources): Promise<void> {
    for (const name of ["lists/partial", "cache/archives/partial"])
      mkdirSync(join(this.#state, name), { recursive: true });
    writeFileSync(join(this.#state, "sources.list"), `${lines.join("\n")}\n`);
    writeFileSync(join(this.#state, "status"), "");
    const { stdout } = await run("apt-config", ["dump"]);
    const settings = [
      ...stdout.split("\n").filter((line) => TRANSPORT.test(line)),
      // Nothing else of the machine's: neither its sources nor its lists nor what it wants beside packages.
      ...[
        "parts",
        "main",
        "sourceparts",
        "trusted",
        "trustedparts",
        "preferences",
        "preferencesparts",
      ].map((name) => `Dir::Etc::${name} "/dev/null";`),
      `Dir::Etc::sourcelist "${join(this.#state, "sources.list")}";`,
      ...(keys === undefined ? [] : [`Dir::Etc::trusted "${this.#copied(keys)}";`]),
      `Dir::State "${this.#state}";`,
      `Dir::State::status "${join(this.#state, "status")}";`,
      `Dir::Cache "${join(this.#state, "cache")}";`,
      'APT::Architecture "amd64";',
      'APT::Architectures { "amd64"; };',
      // As on hosts (modules/hosts/host/apt.ts).
      'APT::Install-Recommends "false";',
      'Acquire::AllowInsecureRepositories "false";',
      'Acquire::Check-Valid-Until "true";',
      'Acquire::Languages "none";',
      'Acquire::ForceHash "SHA256";',
      'APT::Update::Error-Mode "any";',
      // The folder may lie where another account doesn't get; what is fetched is compared by digest.
      ...(process.getuid?.() === 0 ? ['APT::Sandbox::User "root";'] : []),
    ];
    writeFileSync(this.#config, `${settings.join("\n")}\n`);
  }

  /**
   * Runs a program of apt's.
   *
   * @param folder where it runs, absolute; where apt's lists are unless it says otherwise
   * @throws ExternalFailure with a sentence of what failed
   */
  async ask(program: string, args: readonly string[], folder = this.#state): Promise<string> {
    const { PATH, HOME } = process.env;
    const { status, stdout, stderr } = await run(program, args, {
      folder,
      env: { PATH, HOME, LC_ALL: "C.UTF-8", APT_CONFIG: this.#config },
    });
    if (status !== 0)
      throw new ExternalFailure(`packages: ${explain(stderr + stdout, this.#words)}`);
    return stdout;
  }

  /** Reads the sources' lists. @throws ExternalFailure when their signature isn't who it should be of, or they have expired */
  async update(): Promise<void> {
    await this.ask("apt-get", ["-q", "update"]);
  }

  /** Fetches files; one that comes with another digest is refused by apt. */
  async fetch(files: readonly Fetched[]): Promise<void> {
    await this.ask(HELPER, [
      "download-file",
      ...files.flatMap(({ url, target, sha256 }) => [
        url,
        target,
        ...(sha256 ? [`SHA256:${sha256}`] : [""]),
      ]),
    ]);
  }
}

/**
 * Reads a folder of archives as hosts do, with Debian's keys alone, and believes that nothing is installed.
 *
 * @param folder the archives' folder, absolute
 * @param state where apt keeps its lists; may be lost
 * @throws ExternalFailure when this machine has no apt, or not Debian's keys
 */
export function aptOf(folder: string, state: string): Promise<Apt> {
  needs(KEYRING, "debian-archive-keyring");
  const lines = DEBIAN_ARCHIVES.flatMap(({ name, suites }) =>
    suites.map(
      (suite) => `deb [arch=amd64 signed-by=${KEYRING}] file:${join(folder, name)} ${suite} main`,
    ),
  );
  return Apt.reading({ lines }, state);
}

/**
 * Packages of a folder with all that they depend on, down to the C library.
 *
 * @param wanted sets that are each installable; two sets may exclude each other
 */
export async function choose(
  apt: Apt,
  folder: string,
  wanted: readonly (readonly string[])[],
): Promise<ArchiveFile[]> {
  const chosen = new Map<string, ArchiveFile>();
  for (const names of wanted) {
    const output = await apt.ask("apt-get", ["-q", "-y", "--print-uris", "install", ...names]);
    for (const file of parseUris(output, folder)) chosen.set(file.path, file);
  }
  return [...chosen.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}
