import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { berth, folderWith } from '../testing/berth-process';
import { describeWithControlPlane } from '../testing/use-control-plane';

/** A checkout whose scripts write down that they were run, and build nothing. */
const checkout = () =>
  folderWith({
    'package.json': JSON.stringify({ name: 'berth', scripts: { synth: 'echo synth >> ran', images: 'echo images >> ran; exit 1' } }),
    'charts/local/namespace.yaml': '',
    'charts/prod/namespace.yaml': '',
    'load.sh': '',
  });

describeWithControlPlane('berth up', (at) => {
  const run = async (...flags: string[]) => {
    const cwd = checkout();
    const { code, stderr } = await berth(['up', ...flags], { kubeconfig: at().plane.kubeconfig, cwd });
    return { code, stderr, ran: existsSync(join(cwd, 'ran')) ? readFileSync(join(cwd, 'ran'), 'utf8') : '' };
  };

  it.each([
    [['--load-command', ''], /the load command is empty: say what brings an image to the nodes/, ''],
    [['--load-command', 'nosuchcmd --to here'], /there is no program "nosuchcmd", which the load command "nosuchcmd --to here" calls/, ''],
    [['--load-command', 'true', '--env', ''], /"" is no environment's name/, ''],
    [['--load-command', 'true', '--env', '../local'], /"\.\.\/local" is no environment's name/, ''],
    // whether there is one the declarations say
    [['--load-command', 'true', '--env', 'nosuch'], /this checkout declares no environment "nosuch": name one of local, prod/, 'synth\n'],
  ])('refuses %j before anything is built', async (flags, says, ran) => {
    const result = await run(...flags);
    expect(result).toMatchObject({ code: 2, ran });
    expect(result.stderr).toMatch(says);
  });

  it.each(['true', 'A=1 B= sh load.sh --to', 'cd charts && true', '(true)', '"$HOME"/load'])('builds where the load command is %s', async (command) => {
    expect(await run('--load-command', command)).toMatchObject({ code: 1, ran: 'synth\nimages\n' });
  });
});
