import type { Command } from 'commander';
import { UsageError } from '../exit-codes';

/** `berth completion SHELL`: a script that completes verbs, flags, environments and files; made from the command line's own definition. */
export function completion(shell: string, program: Command): string {
  const verbs = program.commands.map((command) => ({
    name: command.name(),
    flags: command.options.flatMap(({ short, long }) => [short, long]).filter((flag) => flag !== undefined),
  }));
  const cases = verbs.map(({ name, flags }) => `    ${name}) words="${flags.join(' ')}" ;;`).join('\n');
  const bash = `_berth() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} words=
  if [ "$COMP_CWORD" = 1 ]; then COMPREPLY=($(compgen -W "${verbs.map(({ name }) => name).join(' ')}" -- "$word")); return; fi
  case $before in
    --env) COMPREPLY=($(compgen -W "$(ls charts 2>/dev/null)" -- "$word")); return ;;
    --context) COMPREPLY=($(compgen -W "$(kubectl config get-contexts -o name 2>/dev/null)" -- "$word")); return ;;
    -o|--output) COMPREPLY=($(compgen -W "table json yaml" -- "$word")); return ;;
  esac
  case \${COMP_WORDS[1]} in
${cases}
  esac
  case $word in
    -*) COMPREPLY=($(compgen -W "$words" -- "$word")) ;;
    *) COMPREPLY=($(compgen -f -- "$word")) ;;
  esac
}
complete -o filenames -F _berth berth`;
  switch (shell) {
    case 'bash':
      return bash;
    case 'zsh':
      return `autoload -U +X bashcompinit && bashcompinit\n${bash}`;
    case 'fish':
      return fish(verbs);
    default:
      throw new UsageError(`there is no completion for "${shell}": choose from bash, zsh, fish`);
  }
}

function fish(verbs: readonly { readonly name: string; readonly flags: readonly string[] }[]): string {
  return verbs
    .flatMap(({ name, flags }) => [
      `complete -c berth -n __fish_use_subcommand -a ${name}`,
      ...flags.filter((flag) => flag.startsWith('--')).map((flag) => `complete -c berth -n '__fish_seen_subcommand_from ${name}' -l ${flag.slice(2)}`),
    ])
    .join('\n');
}
