import { Argument, Command } from "commander";
import { out } from "../terminal.ts";
import { VERSION } from "../version.ts";

const HELP = `
Bash, in ~/.bashrc:   eval "$(polder completion bash)"
Zsh, in ~/.zshrc:     eval "$(polder completion zsh)"
Instances are offered by the folders of instances/ in the working folder.`;

/** What may stand after a command: `keys rotate`, say; the empty path is `polder` itself. */
interface Place {
  readonly path: string;
  readonly words: readonly string[];
  readonly takesInstance: boolean;
  /** Options that take one of some values. */
  readonly choices: readonly { readonly option: string; readonly values: readonly string[] }[];
}

function placesOf(command: Command, path: readonly string[]): Place[] {
  const below = command.commands.flatMap((one) => placesOf(one, [...path, one.name()]));
  const options = command.options.filter(({ hidden }) => !hidden);
  const place = {
    path: path.join(" "),
    words: [
      ...command.commands.map((one) => one.name()),
      ...command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
      ...[...options.flatMap(({ long }) => long ?? []), "--help"],
    ],
    takesInstance: command.registeredArguments.some((one) => one.name() === "instance"),
    choices: options.flatMap(({ long, argChoices }) =>
      long && argChoices ? [{ option: long, values: argChoices }] : [],
    ),
  };
  return [place, ...below];
}

/** A script for bash 3.2 or newer, and for zsh with its bashcompinit. */
function script(places: readonly Place[]): string {
  const quoted = (words: readonly string[]) => `"${words.join(" ")}"`;
  const choices = places.flatMap(({ path, choices }) =>
    choices.map(({ option, values }) => `    "${path} ${option}") words=${quoted(values)} ;;`),
  );
  return `_polder() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" path="" next i words="" instances=""
  for ((i = 1; i < COMP_CWORD; i++)); do
    next="\${path:+$path }\${COMP_WORDS[i]}"
    case "$next" in
    ${places.flatMap(({ path }) => (path ? [`"${path}"`] : [])).join("|")}) path="$next" ;;
    esac
  done
  case "$path" in
${places.map(({ path, words, takesInstance }) => `    "${path}") words=${quoted(words)}${takesInstance ? " instances=1" : ""} ;;`).join("\n")}
  esac
  case "$path $before" in
${choices.join("\n")}
  esac
  if [ -n "$instances" ]; then
    for i in instances/*/instance.yaml; do
      if [ -e "$i" ]; then i="\${i%/instance.yaml}"; words="$words \${i#instances/}"; fi
    done
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o bashdefault -o default -F _polder polder`;
}

/**
 * `polder completion`: what a shell evaluates to complete commands, options and instances.
 *
 * @param all loads every command
 */
export function completionCommand(all: () => Promise<readonly Command[]>): Command {
  return new Command("completion")
    .addArgument(new Argument("<shell>", "whose script").choices(["bash", "zsh"]))
    .addHelpText("after", HELP)
    .action(async (shell: string) => {
      const root = new Command("polder").version(VERSION);
      for (const command of await all()) root.addCommand(command);
      const begin = shell === "zsh" ? "autoload -U +X bashcompinit && bashcompinit\n" : "";
      out(`${begin}${script(placesOf(root, []))}`);
    });
}
