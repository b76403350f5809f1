export function audit(
  args: readonly string[],
  environment?: Readonly<Record<string, string>>,
): Promise<{ readonly state: 'clean' | 'found' | 'unanswered'; readonly text: string }>;
