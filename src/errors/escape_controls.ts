/**
 * Replaces characters that act on a terminal instead of being shown: control characters, line separators, and those
 * that reverse the direction of text. `\n` for a line feed, `\u001b` for the others.
 */
export function escapeControls(text: string): string {
  return text.replace(/[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, character => {
    const code = character.codePointAt(0)!.toString(16).padStart(4, '0');
    return character === '\n' ? '\\n' : `\\u${code}`;
  });
}

/** Returns an error's message without the path at its start, which the caller shows in its own way. */
export function withoutPath(message: string, path: string): string {
  const start = `${escapeControls(path)}: `;
  return message.startsWith(start) ? message.slice(start.length) : message;
}
