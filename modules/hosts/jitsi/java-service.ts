import type { HostFile } from "../configuration/index.ts";
import { CA_FILE, textFile } from "../host/index.ts";
import { sandbox } from "../sandbox/index.ts";

/** Debian 13's Java, for which both packages of Jitsi are made. */
export const JAVA = "openjdk-21-jre-headless";

/** One of Jitsi's programs in Java, as systemd starts it. */
export interface JavaService {
  readonly description: string;
  /** Names of its folders and files: `polder-<name>`. */
  readonly name: string;
  readonly after: readonly string[];
  /** A service whose restart is its restart, too. */
  readonly partOf?: string;
  /** Its configuration, which holds a password: root's, handed in as a credential. */
  readonly config: string;
  readonly logging: string;
  readonly classPath: readonly string[];
  readonly main: string;
  /** Share of the machine's memory that its heap may take, percent. */
  readonly heapPercent: number;
  /** More lines of `[Service]`. */
  readonly more?: readonly string[];
  /** More programs to run before it, as itself. */
  readonly before?: readonly string[];
}

/**
 * The unit of a program in Java: an account of its own for as long as it runs, its configuration as a credential, the
 * instance's CA as the only one that it trusts, no core, no dump of its heap, which would hold what people say.
 */
export function javaUnit(path: string, service: JavaService): HostFile {
  const { name } = service;
  const trust = `/run/polder-${name}/trust.p12`;
  return textFile(path, [
    "[Unit]",
    `Description=${service.description}`,
    `After=${service.after.join(" ")}`,
    `Wants=${service.after.join(" ")}`,
    ...(service.partOf === undefined ? [] : [`PartOf=${service.partOf}`]),
    "# Prosody comes and goes; this tries again for as long as it takes.",
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    "DynamicUser=yes",
    `RuntimeDirectory=polder-${name}`,
    "RuntimeDirectoryMode=0700",
    "# A file that only it sees, never an argument or a variable.",
    `LoadCredential=${name}.conf:${service.config}`,
    "# The instance's CA in the form that Java reads. There is nothing to hide in it, so its password is none.",
    `ExecStartPre=/usr/bin/openssl pkcs12 -export -nokeys -jdktrust anyExtendedKeyUsage -in ${CA_FILE} -out ${trust} -passout pass:public`,
    ...(service.before ?? []).map((line) => `ExecStartPre=${line}`),
    `ExecStart=/usr/bin/java ${[
      `-XX:MaxRAMPercentage=${service.heapPercent}`,
      "-XX:+UseG1GC",
      "-XX:+ExitOnOutOfMemoryError",
      "-XX:-UsePerfData",
      "-XX:+DisableAttachMechanism",
      `-Djava.util.logging.config.file=${service.logging}`,
      `-Dconfig.file=\${CREDENTIALS_DIRECTORY}/${name}.conf`,
      `-Djavax.net.ssl.trustStore=${trust}`,
      "-Djavax.net.ssl.trustStorePassword=public",
      `-cp ${service.classPath.join(":")}`,
      service.main,
    ].join(" ")}`,
    "Restart=always",
    "RestartSec=2",
    "# Java ends by a signal with 143.",
    "SuccessExitStatus=143",
    ...(service.more ?? []),
    ...sandbox({
      families: ["AF_UNIX", "AF_INET", "AF_INET6"],
      proc: "all",
      writesCode: true,
    }),
    "",
    "[Install]",
    "WantedBy=multi-user.target",
  ]);
}

/**
 * What Java's own logging writes: warnings and worse, to the journal, without the context that Jitsi's formatter adds,
 * which names the meeting.
 */
export const javaLogging = (path: string): HostFile =>
  textFile(path, [
    "handlers = java.util.logging.ConsoleHandler",
    ".level = WARNING",
    "# It names rooms and who is in them, of each presence, since the gate gives nobody a roster.",
    "org.jivesoftware.smack.roster.level = OFF",
    "# A request that took long is quoted, and with it the meeting's name.",
    "org.jitsi.videobridge.Conference.level = SEVERE",
    "java.util.logging.ConsoleHandler.level = ALL",
    "java.util.logging.ConsoleHandler.formatter = java.util.logging.SimpleFormatter",
    "java.util.logging.SimpleFormatter.format = %4$s %3$s: %5$s%6$s%n",
  ]);
