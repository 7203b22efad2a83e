// Turns the services' JSON log lines into lines for people.
import { prettyFactory } from 'pino-pretty';

const colours = [36, 35, 34, 33, 32, 96, 95, 94];

/**
 * Makes the printer of one service's output.
 * @param {string} name
 * @param {number} width of the column of names
 * @param {number} index the service's place in the list; it decides the colour
 * @returns {(line: string) => void}
 */
export function createPrinter(name, width, index) {
  const colorize = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const padded = name.padEnd(width);
  const prefix = colorize ? `\u001b[${colours[index % colours.length]}m${padded}\u001b[39m` : padded;
  const pretty = prettyFactory({ colorize, singleLine: true, translateTime: 'SYS:HH:MM:ss.l', ignore: ignored.join(','), messageFormat: sentence });
  return (line) => {
    for (const each of readable(line, pretty).trimEnd().split('\n')) process.stdout.write(`${prefix} ${each}\n`);
  };
}

// A line that is no JSON (a crash, a configuration fault) is shown as it is
function readable(line, pretty) {
  return line.startsWith('{') ? pretty(line) : line;
}

// The prefix tells the service; a request's own fields are in its sentence
const ignored = ['pid', 'hostname', 'service', 'version', 'method', 'route', 'status', 'duration_ms'];

function sentence(log, messageKey) {
  const { method, route, status, duration_ms: duration } = log;
  const request = [method, route, status, duration === undefined ? undefined : `${duration} ms`].filter((part) => part !== undefined);
  return [log[messageKey], ...request].join(' ');
}
