/** What PyTorch's transfer-learning tutorial prints while it trains, line by line. */
import type { EpochRecord } from './phase.ts';

/** The lines of one epoch, ending with an empty one. */
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

/** The two lines after the last epoch. */
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
    `Training ${aborted ? 'stopped early, after' : 'complete in'} ${time}`,
    `Best ${valName} Acc: ${bestAccuracy.toFixed(6)}`,
  ];
}
