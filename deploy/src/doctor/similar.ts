/** Steps from one word to the other: letters put in, taken out or changed. https://en.wikipedia.org/wiki/Levenshtein_distance */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, i) => i);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1));
    row = next;
  }
  return row[other.length]!;
}

/** The word that was probably meant; nothing when none is near. */
export function similarTo(word: string, words: readonly string[]): string | undefined {
  const [nearest] = words.map((each) => ({ each, steps: distance(word, each) })).sort((one, other) => one.steps - other.steps);
  return nearest !== undefined && nearest.steps <= Math.max(2, word.length / 5) ? nearest.each : undefined;
}
