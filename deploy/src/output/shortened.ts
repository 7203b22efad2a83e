/** A text of so many characters at most, and an ellipsis where it was cut off: by that a Secret's value is found of which only the beginning is left. */
export function shortened(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
