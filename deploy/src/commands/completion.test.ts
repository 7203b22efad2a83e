import { execFileSync } from 'node:child_process';
import { Argument, Command, Option } from 'commander';
import { completion } from './completion';

const program = new Command('berth');
program
  .command('logs')
  .argument('[words...]')
  .addOption(new Option('-o, --output <format>').choices(['table', 'json']))
  .option('-f, --follow');
program
  .command('plan')
  .argument('[folder]')
  .addOption(new Option('-o, --output <format>').choices(['table', 'json', 'yaml']));
program.command('completion').addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']));

/** What bash offers for the last of the words. */
function offered(...words: readonly string[]): string[] {
  const array = ['berth', ...words].map((word) => `'${word}'`).join(' ');
  const script = `${completion('bash', program)}\nCOMP_WORDS=(${array}); COMP_CWORD=${words.length}; _berth; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', script], { encoding: 'utf8', cwd: __dirname }).trim().split('\n');
}

it.each([
  [['l'], ['logs']],
  [
    ['logs', '-'],
    ['-o', '--output', '-f', '--follow'],
  ],
  [
    ['logs', '-o', ''],
    ['table', 'json'],
  ],
  [
    ['logs', '.', '--output', ''],
    ['table', 'json'],
  ],
  [
    ['plan', '-o', ''],
    ['table', 'json', 'yaml'],
  ],
  [['plan', 'completion.test'], ['completion.test.ts']],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish'],
  ],
  [['completion', 'z'], ['zsh']],
])('of %j are offered %j', (words, expected) => expect(offered(...words)).toEqual(expected));

it('fish is told the same', () => {
  const lines = completion('fish', program).split('\n');
  for (const line of [
    `complete -c berth -n '__fish_seen_subcommand_from logs' -s o -l output -x -a 'table json'`,
    `complete -c berth -n '__fish_seen_subcommand_from logs' -s f -l follow`,
    `complete -c berth -n '__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'`,
  ])
    expect(lines).toContain(line);
});
