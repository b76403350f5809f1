/** Returns how planes divide into Winograd tiles of `side` x `side` pixels, with the names of the shaders' `Params`. */
export function winogradTiling([batch, height, width]: readonly [number, number, number], side: 2 | 4) {
  const [rows, columns] = [Math.ceil(height / side), Math.ceil(width / side)];
  const tiles = batch * rows * columns;
  return { tile_rows: rows, tile_columns: columns, tiles, tile_groups: Math.ceil(tiles / 4) };
}
