import { Command, CommanderError } from 'commander';
import { abandonUnfinishedFiles, enableWideSimd, surviveClosedStreams } from '#platform';
import { version } from '../../package.json';
import { registerActivations } from './commands/activations.ts';
import { registerBench } from './commands/bench.ts';
import { registerCam } from './commands/cam.ts';
import { registerClassify } from './commands/classify.ts';
import { registerDemo } from './commands/demo.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerEvaluate } from './commands/evaluate.ts';
import { registerFeatures } from './commands/features.ts';
import { registerGrid } from './commands/grid.ts';
import { registerInfo } from './commands/info.ts';
import { registerPredict } from './commands/predict.ts';
import { registerServe } from './commands/serve.ts';
import { registerTrain } from './commands/train.ts';
import { registerTune } from './commands/tune.ts';
import { registerWeights } from './commands/weights.ts';
import { describeExhaustedMemory, runInSmallAddressSpace } from './common/address_space.ts';
import { printable } from './common/output.ts';
import { interruption } from './common/session.ts';

const INTERRUPTED = 130;

const GROUPS = {
  'X-rays:': [registerDemo, registerPredict, registerCam, registerGrid, registerInfo],
  'Training:': [registerTrain, registerEvaluate, registerFeatures],
  'Networks:': [registerClassify, registerActivations, registerWeights],
  'Page:': [registerServe],
  'Kernels and devices:': [registerBench, registerTune, registerDoctor],
};

surviveClosedStreams();

if (!(await runInSmallAddressSpace())) await main();

async function main(): Promise<void> {
  handleInterrupts();
  try {
    await commandLine().parseAsync();
  } catch (error) {
    const exhausted = describeExhaustedMemory(error);
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
    else if (interruption.signal.aborted) process.exitCode = INTERRUPTED;
    else {
      console.error(exhausted === undefined ? error : `raycam: ${exhausted}`);
      process.exitCode = 1;
    }
  }
}

/** The first Ctrl-C stops after the current image and keeps what is complete; the second ends the process at once. */
function handleInterrupts(): void {
  process.on('SIGINT', () => {
    if (interruption.signal.aborted) {
      abandonUnfinishedFiles();
      process.exit(INTERRUPTED);
    }
    process.stderr.write('\nraycam: stopping after the current step; press Ctrl-C again to stop at once\n');
    process.exitCode = INTERRUPTED;
    interruption.abort();
  });
}

function commandLine(): Command {
  const program = new Command('raycam')
    .description('Chest X-ray in, verdict and heat map out. A research and teaching tool, not a medical device.')
    .version(version)
    .enablePositionalOptions() // options after a command belong to that command
    .showHelpAfterError('(add --help to see the options of this command)')
    .configureOutput({ writeErr: text => process.stderr.write(printable(text.trimEnd().split('\n'))) })
    .exitOverride();
  for (const [heading, commands] of Object.entries(GROUPS)) {
    program.commandsGroup(heading);
    for (const register of commands) register(program);
  }
  // The V8 flag applies to the whole process, and this process is Raycam's own.
  return program.hook('preAction', (_, command) => {
    if (command.opts().wideSimd) enableWideSimd();
  });
}
