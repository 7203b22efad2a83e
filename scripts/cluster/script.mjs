// What a script says when it fails, and how it ends.

/** Runs a script's body; a failure is said in one sentence and is exit code 1. */
export async function main(name, usage, body) {
  try {
    await body();
  } catch (error) {
    const unparsed = error.code?.startsWith?.('ERR_PARSE_ARGS');
    const misused = unparsed || error instanceof UsageError;
    const bug = !misused && (error instanceof ReferenceError || (error instanceof TypeError && error.cause === undefined));
    console.error(`${name}: ${bug ? error.stack : [error.message, error.cause?.message, unparsed && usage].filter(Boolean).join(': ')}`);
    process.exitCode = misused ? 64 : 1;
  }
}

/** The command line was wrong: nothing was done. */
export class UsageError extends Error {}
