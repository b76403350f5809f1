// Asks the registry for known vulnerabilities of the packages in the lock file.
import { spawn } from 'node:child_process';
import { root } from './ensure_installed.mjs';

/** Errors of registries that do not support audits and of unreachable hosts, and npm's own wording for both. */
const UNANSWERED =
  /audit endpoint returned an error|code E(?:404|405|5\d\d)|ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT/;

/**
 * Runs `npm audit` with these arguments.
 *
 * returns  { state: 'clean' | 'found' | 'unanswered', text }; text is npm's output
 */
export async function audit(args, environment = {}) {
  const env = {
    ...process.env,
    npm_config_fetch_retries: '1',
    npm_config_fetch_retry_mintimeout: '1000',
    ...environment,
  };
  const { code, text } = await run('npm', ['audit', ...args], env);
  if (code === 0) return { state: 'clean', text };
  return { state: UNANSWERED.test(text) ? 'unanswered' : 'found', text };
}

function run(command, args, env) {
  const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', piece => {
      text += piece;
    });
  return new Promise(resolve => child.on('close', code => resolve({ code, text })));
}
