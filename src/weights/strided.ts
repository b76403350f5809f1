/** PyTorch's views: a tensor is a storage, an offset and a stride for each dimension. */
import { elementCount } from './tensor_entry.ts';

/** Offset and strides count elements, not bytes. */
export interface StridedView {
  readonly offset: number;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
}

/** How many elements lie from the first that the view touches to the last; 0 for an empty tensor. */
export function spanOf({ shape, stride }: StridedView): number {
  if (shape.includes(0)) return 0;
  return shape.reduce((span, size, d) => span + (size - 1) * stride[d]!, 1);
}

/** Whether the view's elements lie in C order without gaps. Strides of dimensions of size 1 do not matter. */
export function isContiguous({ shape, stride }: StridedView): boolean {
  let expected = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    if (shape[d] !== 1 && stride[d] !== expected) return false;
    expected *= shape[d]!;
  }
  return true;
}

/** The view's elements in C order, from a span that begins with its first. */
export function gather(span: Float32Array, { shape, stride }: StridedView): Float32Array {
  const result = new Float32Array(elementCount(shape));
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
  return result;
}
