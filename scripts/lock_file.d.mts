/** Returns '' if every package has a SHA-512. */
export function lockFileProblem(): string;
/** Returns '' if no package is deprecated. */
export function deprecatedPackages(): string;
/** Returns '' if only known packages have install scripts. */
export function installScriptProblem(): string;
