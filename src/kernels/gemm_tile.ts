import { ShapeError } from '../errors/index.ts';

/** The tile of a matrix product that one workgroup computes: channels by columns (pixels, or Winograd tiles). */
export interface GemmTile {
  readonly channels: 32 | 64 | 128;
  readonly columns: 32 | 64;
}

/** Smallest first. Smaller tiles make more workgroups, larger tiles need fewer fetches per product. */
export const GEMM_TILES: readonly GemmTile[] = [
  { channels: 32, columns: 32 },
  { channels: 64, columns: 32 },
  { channels: 64, columns: 64 },
  { channels: 128, columns: 64 },
];

/** Channels that one invocation computes. */
const CHANNELS_EACH = 8;
/** Invocations of a workgroup along the columns. */
const COLUMNS = 8;

/**
 * Returns a shader's `ROWS`, its invocations along the channels, and how many columns each computes.
 *
 * @throws ShapeError
 */
export function gemmInvocations(where: string, tile: GemmTile): { rows: number; columnsEach: number } {
  const { channels, columns } = tile;
  if (!GEMM_TILES.some(known => known.channels === channels && known.columns === columns))
    throw new ShapeError(
      `${where}: unknown tile "${channels}x${columns}". Known: ${GEMM_TILES.map(known => `${known.channels}x${known.columns}`).join(', ')}`,
    );
  return { rows: channels / CHANNELS_EACH, columnsEach: columns / COLUMNS };
}
