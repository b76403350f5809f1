/** '' where every package has its SHA-512. */
export function lockFileProblem(): string;
/** '' where no author withdrew a package. */
export function deprecatedPackages(): string;
/** '' where no package but those that are known runs a program when it is installed. */
export function installScriptProblem(): string;
