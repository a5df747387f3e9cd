/** A real program that reads rendered files, as the host's own would. */
export interface Validator {
  readonly id: string;
  /** Which files it reads. A host without one of them isn't validated by it. */
  readonly reads: RegExp;
  /** Shell, run in the root with the host's files in place; `$FILES` are the files that it reads. */
  readonly command: string;
  /** How long it may take. @default 60 */
  readonly seconds?: number;
  /** A line of its output that is a refusal, for programs that complain and end with 0. */
  readonly refuses?: RegExp;
}

/** Each file by itself, so that none hides behind another. */
const each = (command: string): string => `for file in $FILES; do ${command} || exit 1; done`;

/** systemd's daemons say what they don't understand of their configuration, and go on. */
const UNKNOWN =
  /unknown (key|section|lvalue)|invalid|failed to parse|not a valid|assignment outside|missing '='/i;
const speaking = "SYSTEMD_LOG_TARGET=console SYSTEMD_LOG_LEVEL=info SYSTEMD_LOG_COLOR=0";

export const VALIDATORS: readonly Validator[] = [
  { id: "nft", reads: /^\/etc\/nftables\.conf$/, command: "nft -c -f $FILES" },
  {
    id: "sshd",
    reads: /^\/etc\/ssh\/sshd_config$/,
    command: "ssh-keygen -y -f /etc/ssh/ssh_host_ed25519_key >/dev/null && sshd -t -f $FILES",
    refuses: /./,
  },
  {
    id: "ssh-certificate",
    reads: /^\/etc\/ssh\/.*-cert\.pub$/,
    command: each('ssh-keygen -L -f "$file" | grep "Type: .* host certificate"'),
  },
  {
    id: "ssh-keys",
    reads: /^\/etc\/ssh\/authorized_keys\//,
    command: each('ssh-keygen -l -f "$file"'),
  },
  { id: "sudoers", reads: /^\/etc\/sudoers(\.d\/|$)/, command: each('visudo -c -f "$file"') },
  {
    id: "apt-settings",
    reads: /^\/etc\/apt\/apt\.conf\.d\//,
    command: "apt-config dump | grep -F 'Acquire::http::Proxy \"DIRECT\"'",
    refuses: /^[EW]: /m,
  },
  {
    id: "apt-sources",
    reads: /^\/etc\/apt\/sources\.list/,
    command: "apt-get update --print-uris | grep -F trixie-security/InRelease",
    refuses: /^[EW]: /m,
  },
  {
    id: "journald",
    reads: /^\/etc\/systemd\/journald\.conf\.d\//,
    command: `${speaking} timeout 1 /usr/lib/systemd/systemd-journald; true`,
    refuses: UNKNOWN,
  },
  {
    id: "journal-upload",
    reads: /^\/etc\/systemd\/journal-upload\.conf\.d\//,
    command: `${speaking} timeout 1 /usr/lib/systemd/systemd-journal-upload; true`,
    refuses: UNKNOWN,
  },
  {
    // As its own user: root's would set the machine's clock.
    id: "timesyncd",
    reads: /^\/etc\/systemd\/timesyncd\.conf\.d\//,
    command: `setpriv --reuid systemd-timesync --regid systemd-timesync --clear-groups --bounding-set -all env ${speaking} timeout 1 /usr/lib/systemd/systemd-timesyncd; true`,
    refuses: UNKNOWN,
  },
  {
    // The system's manager says nothing unless it is pid 1; the user's has the same parser.
    id: "system-manager",
    reads: /^\/etc\/systemd\/system\.conf\.d\//,
    command: `mkdir -p /etc/systemd/user.conf.d && cp $FILES /etc/systemd/user.conf.d/ && setpriv --reuid nobody --regid nogroup --clear-groups env ${speaking} XDG_RUNTIME_DIR=/tmp timeout 2 /usr/lib/systemd/systemd --user 2>&1 | grep -v "has not been booted"; true`,
    refuses: /./,
  },
  {
    id: "units",
    reads: /^\/etc\/systemd\/system\/.*\.(conf|service|socket|timer|path|target|mount)$/,
    // Java is as large as the rest of the root: its name is all that systemd asks for.
    command:
      '[ -e /usr/bin/java ] || install -m 755 /dev/null /usr/bin/java; systemd-analyze verify --man=no --recursive-errors=no $(for file in $FILES; do case "$file" in *.d/*) basename "$(dirname "$file")" .d ;; *) echo "$file" ;; esac; done | sort -u)',
    refuses: /./,
  },
  {
    // Really applied, in a network of its own.
    id: "sysctl-network",
    reads: /^\/etc\/sysctl\.d\/60-/,
    command: "/usr/lib/systemd/systemd-sysctl --strict $FILES",
    refuses: /./,
  },
  {
    // As in a container: nothing of the machine's kernel can be written, and that is no failure.
    id: "sysctl-kernel",
    reads: /^\/etc\/sysctl\.d\/6[12]-/,
    command: "/usr/lib/systemd/systemd-sysctl $FILES",
    refuses: /not an assignment|invalid/i,
  },
  {
    id: "modprobe",
    reads: /^\/etc\/modprobe\.d\//,
    command: "modprobe -c >/dev/null",
    refuses: /./,
  },
  {
    id: "tmpfiles",
    reads: /^\/etc\/tmpfiles\.d\//,
    command: "systemd-tmpfiles --dry-run --create $FILES",
    refuses: /unknown|invalid|failed|ignoring/i,
  },
  {
    id: "login-defs",
    reads: /^\/etc\/login\.defs$/,
    command: "useradd -D",
    refuses: /configuration error/,
  },
  {
    // What PAM really gives to a person who logs in.
    id: "limits",
    reads: /^\/etc\/security\/limits\.d\//,
    command: "[ \"$(su -s /bin/sh nobody -c 'ulimit -H -c')\" = 0 ]",
  },
  {
    id: "profile-cores",
    reads: /^\/etc\/profile\.d\/polder-no-core-dumps\.sh$/,
    command: each('sh -e -c ". \\"$file\\"; [ \\"\\$(ulimit -c)\\" = 0 ]"'),
    refuses: /./,
  },
  {
    id: "profile",
    reads: /^\/etc\/profile\.d\/(?!polder-no-core-dumps)/,
    command: each('sh -e -c ". \\"$file\\"; [ \\"\\$(umask)\\" = 0027 ]"'),
    refuses: /./,
  },
  {
    id: "hosts",
    reads: /^\/etc\/hosts$/,
    command:
      'grep -Ev "^(#|$)" $FILES | while read -r address name others; do getent -s files ahosts "$name" | grep -qF "$address " || exit 1; done',
  },
  {
    // The C library's resolver skips what it doesn't know: the addresses that it took are compared.
    // In its state (resolv.h) an int, the fifth, counts them; after it they stand, 16 bytes each.
    id: "resolver",
    reads: /^\/etc\/resolv\.conf$/,
    command: `cat >/tmp/taken.py <<'END'
import ctypes, socket
libc, state = ctypes.CDLL(None), ctypes.create_string_buffer(4096)
assert libc.__res_ninit(state) == 0
for i in range(int.from_bytes(state.raw[16:20], "little")):
    print(socket.inet_ntoa(state.raw[24 + 16 * i : 28 + 16 * i]))
END
[ "$(python3 /tmp/taken.py)" = "$(sed -n 's/^nameserver //p' $FILES)" ]`,
  },
  {
    id: "restart-policy",
    reads: /^\/usr\/sbin\/policy-rc\.d$/,
    command: "sh -n $FILES && $FILES some.service restart",
    refuses: /./,
  },
  {
    id: "carries-calls",
    reads: /^\/etc\/polder\/carries-calls$/,
    command:
      "! grep -vxE '[a-z0-9@.-]+' $FILES && while read -r name; do /usr/sbin/policy-rc.d \"$name\" restart; [ $? -eq 101 ] || exit 1; done <$FILES",
  },
  { id: "nginx", reads: /^\/etc\/nginx\//, command: "nginx -t -q", refuses: /./ },
  {
    id: "prosody",
    reads: /^\/etc\/prosody\/.*\.lua$/,
    command: "luac5.4 -p $FILES && prosodyctl check config",
    refuses: /error|warning|unknown|deprecated/i,
  },
  {
    id: "gate",
    reads: /^\/usr\/local\/lib\/polder\/prosody\//,
    command: "luac5.4 -p $FILES",
  },
  {
    id: "gate-secrets",
    reads: /^\/etc\/prosody\/gate\/(.*\.secret|pseudonym\.key)$/,
    command: each("grep -qxE '[0-9a-f]{64}' \"$file\""),
  },
  {
    id: "room-keys",
    reads: /^\/etc\/prosody\/gate\/rooms\.keys$/,
    command: each("! grep -qvxE '([0-9]|[12][0-9]|3[01]) [0-9a-f]{64}' \"$file\""),
  },
  {
    id: "token-keys",
    reads: /^\/etc\/prosody\/gate\/tokens\.pem$/,
    command: each('openssl pkey -pubin -noout -text -in "$file" | grep -F "(3072 bit)"'),
  },
  {
    id: "prosody-accounts",
    reads: /^\/var\/lib\/prosody\/.*\.dat$/,
    command: each("lua5.4 -e \"assert(type(dofile('$file')) == 'table')\""),
  },
  {
    // It has no way to check a file, so the host has a program that starts it on trial. What it
    // thinks of single words it says only when it ends.
    id: "coturn",
    reads: /^\/etc\/turnserver\.conf$|^\/usr\/local\/lib\/polder\/coturn-trial$/,
    command:
      "/usr/local/lib/polder/coturn-trial /etc/turnserver.conf /etc/coturn/openssl.cnf /etc/coturn/live.sql && OPENSSL_CONF=/etc/coturn/openssl.cnf timeout 2 stdbuf -oL turnserver -c /etc/turnserver.conf --pidfile= --log-file=stdout; [ $? -eq 124 ]",
    refuses: /bad configuration|unknown argument|unrecognized|cannot/i,
  },
  {
    // What coturn would find there.
    id: "relay-database",
    reads: /^\/etc\/coturn\/live\.sql$/,
    command:
      "db=/tmp/turndb; sqlite3 -init /dev/null -bail $db \".read $FILES\" >/dev/null && sqlite3 $db 'SELECT value FROM turn_secret' | grep -qxE '[0-9a-f]{64}' && sqlite3 $db 'SELECT ip_range FROM allowed_peer_ip' | grep -q .",
    refuses: /./,
  },
  {
    id: "openssl",
    reads: /\/openssl\.cnf$/,
    command: each(
      '{ echo "config_diagnostics = 1" && cat "$file"; } >/tmp/openssl.cnf && OPENSSL_CONF=/tmp/openssl.cnf openssl ciphers -s -tls1_3 >/dev/null',
    ),
    refuses: /./,
  },
  {
    id: "programs",
    reads: /^\/usr\/local\/(s?bin|lib|libexec)\/(?!polder\/prosody\/|.*\.json$)/,
    command: each(
      'case "$file $(head -n1 "$file")" in *.py\\ * | *"#!"*python3*) PYTHONPYCACHEPREFIX=/tmp python3 -m py_compile "$file" ;; *"#!"*bash*) bash -n "$file" ;; *"#!"*sh*) sh -n "$file" ;; *) echo "$file: no program"; false ;; esac',
    ),
    refuses: /./,
  },
  {
    id: "settings",
    reads: /^\/usr\/local\/lib\/polder\/.*\.json$/,
    command: each('python3 -m json.tool "$file" /dev/null'),
    refuses: /./,
  },
  {
    id: "age",
    reads: /\.recipient$/,
    command: each('age --encrypt --recipients-file "$file" -o /dev/null /etc/hostname'),
  },
  {
    id: "journal-remote",
    reads: /^\/etc\/systemd\/journal-remote\.conf\.d\//,
    command: `${speaking} timeout 1 /usr/lib/systemd/systemd-journal-remote --listen-http=127.0.0.1:19531 -o /tmp/; true`,
    refuses: UNKNOWN,
  },
  {
    id: "certificates",
    reads: /\.crt$|\/ssl-cert-snakeoil\.pem$/,
    command: each('openssl x509 -noout -subject -in "$file"'),
  },
  {
    id: "private-keys",
    reads: /^\/etc\/(?!prosody\/gate\/|ssl\/private\/).*\.key$/,
    command: each('openssl pkey -noout -check -in "$file"'),
  },
];

/** Files that no program parses as configuration, each with the reason. */
export const NOT_VALIDATED: readonly { readonly path: RegExp; readonly why: string }[] = [
  {
    path: /^\/etc\/polder\/(videobridge|jicofo)\/(videobridge|jicofo)\.conf$/,
    why: "JSON, of which HOCON is a superset: a unit test holds every key and type against the known release's, and lab/hocon in make soak that test's reading against Typesafe Config's, which needs a JVM",
  },
  {
    path: /^\/etc\/ssl\/private\/ssl-cert-snakeoil\.key$/,
    why: "empty: its certificate is another's",
  },
  {
    path: /^\/etc\/polder\/(videobridge|jicofo)\/logging\.properties$/,
    why: "read by java.util.logging, in the acceptance with Jitsi's packages",
  },
  {
    path: /^\/usr\/local\/share\/polder\/web\//,
    why: "served as they are; the probes fetch them",
  },
  {
    path: /^\/etc\/polder\/monitor\/turn-login$/,
    why: "a name and a password that the watch sends to the relays",
  },
  { path: /^\/etc\/polder\/monitor\/alarm-token$/, why: "one word that the receiver compares" },
  { path: /^\/etc\/polder\/focus\/password$/, why: "one word that Prosody compares" },
  { path: /^\/etc\/issue(\.net)?$/, why: "plain text, shown to people" },
  {
    path: /^\/etc\/systemd\/coredump\.conf\.d\//,
    why: "holds if somebody installs systemd-coredump; hosts must not have it, nor does the root",
  },
];
