import type { Command } from 'commander';

interface Flag {
  /** With its dashes. */
  readonly names: readonly string[];
  /** The values that it takes; none where it takes any, or no value. */
  readonly choices: readonly string[];
}

interface Verb {
  readonly name: string;
  readonly flags: readonly Flag[];
  /** What its first word may be; none where that is a file or a name. */
  readonly words: readonly string[];
}

/** `berth completion SHELL`: a script that completes verbs, flags and their values, environments and files; made from the command line's own definition. @param shell - bash, zsh or fish */
export function completion(shell: string, program: Command): string {
  const verbs = program.commands.map(verbOf);
  if (shell === 'fish') return fish(verbs);
  return shell === 'zsh' ? `autoload -U +X bashcompinit && bashcompinit\n${bash(verbs)}` : bash(verbs);
}

function verbOf(command: Command): Verb {
  const flags = command.options.map(({ short, long, argChoices = [] }) => ({
    names: [short, long].filter((name) => name !== undefined),
    choices: argChoices,
  }));
  return { name: command.name(), flags, words: command.registeredArguments[0]?.argChoices ?? [] };
}

function bash(verbs: readonly Verb[]): string {
  const values = verbs.flatMap(({ name, flags }) =>
    flags
      .filter(({ choices }) => choices.length > 0)
      .map(({ names, choices }) => `    ${names.map((flag) => `${name}:${flag}`).join('|')}) ${offer(choices)}; return ;;`),
  );
  const cases = verbs.map(({ name, flags }) => `    ${name}) words="${flags.flatMap(({ names }) => names).join(' ')}" ;;`);
  const words = verbs.filter((verb) => verb.words.length > 0).map((verb) => `    ${verb.name}:[^-]*|${verb.name}:) ${offer(verb.words)}; return ;;`);
  return `_berth() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} words=
  if [ "$COMP_CWORD" = 1 ]; then ${offer(verbs.map(({ name }) => name))}; return; fi
  case $before in
    --env) ${offer(['$(ls charts 2>/dev/null)'])}; return ;;
    --context) ${offer(['$(kubectl config get-contexts -o name 2>/dev/null)'])}; return ;;
  esac
  case \${COMP_WORDS[1]}:$before in
${values.join('\n')}
  esac
  case \${COMP_WORDS[1]} in
${cases.join('\n')}
  esac
  case \${COMP_WORDS[1]}:$word in
${words.join('\n')}
  esac
  case $word in
    -*) ${offer(['$words'])} ;;
    *) COMPREPLY=($(compgen -f -- "$word")) ;;
  esac
}
complete -o filenames -F _berth berth`;
}

function offer(words: readonly string[]): string {
  return `COMPREPLY=($(compgen -W "${words.join(' ')}" -- "$word"))`;
}

function fish(verbs: readonly Verb[]): string {
  return verbs
    .flatMap(({ name, flags, words }) => {
      const inVerb = `complete -c berth -n '__fish_seen_subcommand_from ${name}'`;
      return [
        `complete -c berth -n __fish_use_subcommand -a ${name}`,
        ...flags.map(({ names, choices }) => {
          const [long, short] = [names.find((flag) => flag.startsWith('--')), names.find((flag) => !flag.startsWith('--'))];
          const flag = [...(short ? [`-s ${short.slice(1)}`] : []), ...(long ? [`-l ${long.slice(2)}`] : [])].join(' ');
          return choices.length === 0 ? `${inVerb} ${flag}` : `${inVerb} ${flag} -x -a '${choices.join(' ')}'`;
        }),
        ...(words.length === 0 ? [] : [`${inVerb} -f -a '${words.join(' ')}'`]),
      ];
    })
    .join('\n');
}
