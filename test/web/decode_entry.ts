import { decodeImage } from '#platform';

declare global {
  var ready: boolean;
  /** Decodes a file given as base64. Returns its width and height, and its pixels as base64. */
  var decode: (file: string) => Promise<{ width: number; height: number; pixels: string }>;
}

globalThis.decode = async file => {
  const bytes = Uint8Array.from(atob(file), character => character.charCodeAt(0));
  const { width, height, pixels } = await decodeImage(bytes, 'image');
  let text = '';
  for (let i = 0; i < pixels.length; i += 8192) text += String.fromCharCode(...pixels.subarray(i, i + 8192));
  return { width, height, pixels: btoa(text) };
};
globalThis.ready = true;
