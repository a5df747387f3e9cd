/** A file of the machine's apt configuration. */
export interface SourceFile {
  readonly name: string;
  readonly text: string;
}

interface Source {
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
  readonly signedBy: string;
}

function words(text: string | undefined): string[] {
  return (text ?? "").split(/\s+/).filter(Boolean);
}

/** One-line format: `deb [options] uri suite component…`. */
function fromOneLine(text: string): Source[] {
  return text.split("\n").flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]+)/.exec(line);
    if (!match) return [];
    const [, options, uri = "", suite = "", components] = match;
    const signedBy = /(?:^|\s)signed-by=(\S+)/i.exec(options ?? "")?.[1] ?? "";
    return [{ uri, suite, components: words(components), signedBy }];
  });
}

/** Deb822 format: paragraphs of `Field: value`, which may go on in indented lines. */
function fromDeb822(text: string): Source[] {
  const uncommented = text.replace(/^#.*\n?/gm, "");
  return uncommented.split(/\n\s*\n/).flatMap((paragraph) => {
    const fields = new Map<string, string>();
    for (const [, name, value] of paragraph.matchAll(/^([\w-]+):(.*(?:\n[ \t].*)*)/gm)) {
      if (name && value !== undefined) fields.set(name.toLowerCase(), value.trim());
    }
    if (/^(no|false|off|0)$/i.test(fields.get("enabled") ?? "")) return [];
    if (!words(fields.get("types")).includes("deb")) return [];
    const signed = fields.get("signed-by") ?? "";
    const common = {
      components: words(fields.get("components")),
      // A key in the file itself can't go into one line; mmdebstrap then looks for Debian's own.
      signedBy: signed.startsWith("/") ? words(signed).join(",") : "",
    };
    return words(fields.get("uris")).flatMap((uri) =>
      words(fields.get("suites")).map((suite) => ({ uri, suite, ...common })),
    );
  });
}

/** Whether a source is Debian's archive, and not another vendor's for the same release. */
function isDebian(source: Source): boolean {
  return source.signedBy === "" || /debian-archive-[^/]*$/.test(source.signedBy);
}

/**
 * The mirrors that this machine uses, as one-line sources for another release of Debian.
 *
 * @param codename the machine's own release, such as `bookworm`
 * @param wanted the release to get, such as `trixie`
 * @returns lines without duplicates; empty when the machine names no Debian mirror
 */
export function convertSources(
  files: readonly SourceFile[],
  codename: string,
  wanted: string,
): string[] {
  const all = files.flatMap((file) =>
    file.name.endsWith(".sources") ? fromDeb822(file.text) : fromOneLine(file.text),
  );
  const suites = new Map(
    ["", "-updates", "-security"].map((part) => [`${codename}${part}`, `${wanted}${part}`]),
  );
  const fitting = all.filter(
    (source) =>
      suites.has(source.suite) &&
      source.components.includes("main") &&
      !source.uri.startsWith("cdrom:"),
  );
  // A site that signs its own mirror has no source with Debian's key: then take what is there.
  const debian = fitting.filter(isDebian);
  const lines = (debian.length > 0 ? debian : fitting).map((source) => {
    const option = source.signedBy && `[signed-by=${source.signedBy}] `;
    return `deb ${option}${source.uri} ${suites.get(source.suite)} main`;
  });
  return [...new Set(lines)];
}

/**
 * The part of `apt-config dump` that says how to reach the mirrors: proxies, certificates, logins.
 * The build needs it and the root must not keep it.
 */
export function transportSettings(dump: string): string[] {
  return dump
    .split("\n")
    .filter((line) =>
      /^(Acquire::(http|https|ftp|Retries|Check-Valid-Until|Check-Date)\b|Dir::Etc::netrc)/.test(
        line,
      ),
    )
    .map((line) =>
      // Inside the root a relative name would mean the root's own file.
      line.replace(/^(Dir::Etc::netrc(?:parts)? ")(?!\/)/, "$1/etc/apt/"),
    );
}
