/** The lines that PyTorch's transfer-learning tutorial prints during training. */
import type { EpochRecord } from './phase.ts';

/** Returns the lines of one epoch, with an empty line at the end. */
export function linesOfEpoch(
  { epoch, train, val }: EpochRecord,
  { epochs, valName }: { readonly epochs: number; readonly valName: string },
): string[] {
  return [
    `Epoch ${epoch}/${epochs - 1}`,
    '----------',
    `train Loss: ${train.loss.toFixed(4)} Acc: ${train.accuracy.toFixed(4)}`,
    `${valName} Loss: ${val.loss.toFixed(4)} Acc: ${val.accuracy.toFixed(4)}`,
    '',
  ];
}

/** Returns the two lines after the last epoch. */
export function linesAtEnd({
  bestAccuracy,
  elapsedMs,
  aborted,
  valName,
}: {
  readonly bestAccuracy: number;
  readonly elapsedMs: number;
  readonly aborted: boolean;
  readonly valName: string;
}): string[] {
  const seconds = Math.round(elapsedMs / 1000);
  const time = `${Math.floor(seconds / 60)}m ${seconds % 60}s`;
  return [
    `Training ${aborted ? 'stopped early after' : 'complete in'} ${time}`,
    `Best ${valName} Acc: ${bestAccuracy.toFixed(6)}`,
  ];
}
