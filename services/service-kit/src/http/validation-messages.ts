import type * as z from 'zod';

/** What a type is called in a sentence, by the library's word. */
const typeNames: Readonly<Record<string, string>> = {
  array: 'an array',
  boolean: 'true or false',
  int: 'a whole number',
  nonoptional: 'there',
  null: 'null',
  number: 'a number',
  object: 'an object',
  record: 'an object',
  string: 'a text',
};

/** Says what is expected, in our own words, where a schema says nothing itself: the library's are about its types. */
export function plainMessage(issue: z.core.$ZodRawIssue): string {
  const sentence = expectation(issue);
  return issue.input === undefined && issue.code !== 'custom' ? `is missing: ${sentence}` : sentence;
}

function expectation(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${typeNames[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return issue.values.length === 1 ? `must be ${String(issue.values[0])}` : `must be one of ${issue.values.join(', ')}`;
    case 'too_small':
      return `must ${bound(issue.origin)} at least ${String(issue.minimum)}${unit(issue.origin)}`;
    case 'too_big':
      return `must ${bound(issue.origin)} at most ${String(issue.maximum)}${unit(issue.origin)}`;
    case 'not_multiple_of':
      return `must be a multiple of ${String(issue.divisor)}`;
    default:
      return 'must have another form: see the documentation';
  }
}

const counted: Readonly<Record<string, string>> = { string: ' characters', array: ' items', set: ' items', map: ' members', object: ' members' };

const bound = (origin: string): string => (origin in counted ? 'have' : 'be');
const unit = (origin: string): string => counted[origin] ?? '';
