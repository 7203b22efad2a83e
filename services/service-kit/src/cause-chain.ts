/**
 * An expected error and its causes in one line, outermost first, for the log. No stacks: such errors come by the thousand in an outage,
 * and what is wrong lies elsewhere.
 */
export function causeChain(error: unknown): string {
  const messages: string[] = [];
  for (let at = error; at instanceof Error && messages.length < 5; at = at.cause) messages.push(at.message);
  return messages.join(': ');
}
