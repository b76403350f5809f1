/** PyTorch's strided views: a storage, an offset, and one stride per dimension. */
import { elementCount } from './tensor_entry.ts';

/** A view of a storage. Offset and strides are in elements, not bytes. */
export interface StridedView {
  readonly offset: number;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
}

/** Returns the number of elements from the first to the last that the view uses; 0 for an empty tensor. */
export function spanOf({ shape, stride }: Omit<StridedView, 'offset'>): number {
  if (shape.includes(0)) return 0;
  return shape.reduce((span, size, d) => span + (size - 1) * stride[d]!, 1);
}

/** Returns whether the view's elements are in C order without gaps. Strides of dimensions of size 1 do not matter. */
export function isContiguous({ shape, stride }: StridedView): boolean {
  let expected = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    if (shape[d] !== 1 && stride[d] !== expected) return false;
    expected *= shape[d]!;
  }
  return true;
}

/** Copies the view's elements in C order. `span` starts at the view's first element. */
export function gather(span: Uint8Array, view: StridedView, elementBytes: number): Uint8Array {
  switch (elementBytes) {
    case 16: {
      const halves = { offset: 0, shape: [...view.shape, 2], stride: [...view.stride.map(step => 2 * step), 1] };
      return gather(span, halves, 8);
    }
    case 2:
      return gathered(new Uint16Array(span.buffer, span.byteOffset, span.length / 2), Uint16Array, view);
    case 4:
      return gathered(new Uint32Array(span.buffer, span.byteOffset, span.length / 4), Uint32Array, view);
    case 8:
      return gathered(new BigUint64Array(span.buffer, span.byteOffset, span.length / 8), BigUint64Array, view);
    default:
      return gathered(span, Uint8Array, view);
  }
}

/** Integer types, because copying a float may change the bits of a NaN. */
type Bits = Uint8Array | Uint16Array | Uint32Array | BigUint64Array;

function gathered<T extends Bits>(
  span: T,
  create: new (length: number) => T,
  { shape, stride }: StridedView,
): Uint8Array {
  const result = new create(elementCount(shape));
  const index = new Array<number>(shape.length).fill(0);
  let source = 0;
  for (let i = 0; i < result.length; i++) {
    result[i] = span[source]!;
    for (let d = shape.length - 1; d >= 0; d--) {
      source += stride[d]!;
      if (++index[d]! < shape[d]!) break;
      source -= shape[d]! * stride[d]!;
      index[d] = 0;
    }
  }
  return new Uint8Array(result.buffer, result.byteOffset, result.byteLength);
}
