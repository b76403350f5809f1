// Runs a program as a child process, and requests one answer at a time from it: a line of JSON in, a line out.
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
    this.child.stdin.on('error', () => {}); // `next` reports an early end
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  /** Starts the program. Returns whether it got past its first forward pass; `ready` has its message, or `failure` the reason. */
  async start() {
    for (;;) {
      const { value, done } = await this.lines.next();
      if (!done && value.startsWith('{')) {
        this.ready = JSON.parse(value);
        return true;
      }
      if (!done) continue; // output of libraries
      this.failure =
        this.errors
          .trim()
          .split('\n')
          .findLast(line => /error|fail|no /i.test(line)) ?? this.errors.trim();
      return false;
    }
  }

  /** Returns the milliseconds of one forward pass. */
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
