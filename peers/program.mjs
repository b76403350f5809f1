// Our side of a program that answers one question at a time.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export class Program {
  constructor({ name, command, question = {} }, environment) {
    this.name = name;
    this.question = JSON.stringify(question);
    this.errors = '';
    this.child = spawn(process.execPath, command, {
      env: { ...process.env, ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child.stderr.on('data', chunk => {
      this.errors = `${this.errors}${chunk}`.slice(-4000);
    });
    this.child.stdin.on('error', () => {}); // told by the line that never comes
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  /** Whether it got as far as its first forward, with `ready` what it said then; else `failure` says why. */
  async start() {
    for (;;) {
      const { value, done } = await this.lines.next();
      if (!done && value.startsWith('{')) {
        this.ready = JSON.parse(value);
        return true;
      }
      if (!done) continue; // what libraries print
      this.failure =
        this.errors
          .trim()
          .split('\n')
          .findLast(line => /error|fail|no /i.test(line)) ?? this.errors.trim();
      return false;
    }
  }

  /** Milliseconds of one forward. */
  async sample() {
    this.child.stdin.write(`${this.question}\n`);
    for (;;) {
      const { value, done } = await this.lines.next();
      if (done) throw new Error(`${this.name} ended: ${this.errors.trim().split('\n').at(-1)}`);
      const ms = Number(value);
      if (value !== '' && Number.isFinite(ms)) return ms;
    }
  }

  end() {
    this.child.stdin.end();
    this.child.kill();
  }
}
