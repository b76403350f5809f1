import { ShapeError } from '../errors/index.ts';

/** Channels and columns (pixels, or Winograd's tiles) of the product that a workgroup computes in workgroup memory. */
export interface GemmTile {
  readonly channels: 32 | 64 | 128;
  readonly columns: 32 | 64;
}

/** Smallest first: the smaller, the more workgroups; the larger, the fewer fetches for a product. */
export const GEMM_TILES: readonly GemmTile[] = [
  { channels: 32, columns: 32 },
  { channels: 64, columns: 32 },
  { channels: 64, columns: 64 },
  { channels: 128, columns: 64 },
];

/** Channels of weights that lie packed together, which an invocation computes. */
const PACKED_CHANNELS = 8;
/** Invocations of a workgroup along columns. */
const COLUMNS = 8;

/** `ROWS` of a shader: invocations along channels; and how many columns each computes. @throws ShapeError */
export function gemmInvocations(where: string, tile: GemmTile): { rows: number; columnsEach: number } {
  const { channels, columns } = tile;
  if (!GEMM_TILES.some(known => known.channels === channels && known.columns === columns))
    throw new ShapeError(
      `${where}: no tile of ${channels}x${columns}, expected ${GEMM_TILES.map(known => `${known.channels}x${known.columns}`).join(', ')}`,
    );
  return { rows: channels / PACKED_CHANNELS, columnsEach: columns / COLUMNS };
}
