// What the registry knows against the packages of the lock file, where it answers.
import { spawn } from 'node:child_process';
import { root } from './ensure_installed.mjs';

/** Of registries that do not do audits, of hosts that cannot be reached, and of npm's own words for both. */
const UNANSWERED =
  /audit endpoint returned an error|code E(?:404|405|5\d\d)|ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT/;

/**
 * Runs `npm audit` with these arguments.
 *
 * returns  { state: 'clean' | 'found' | 'unanswered', text }: what npm printed
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
