declare module '@cornerstonejs/codec-openjpeg/decodewasmjs';
declare module '@cornerstonejs/codec-charls/decodewasmjs';
declare module '@cornerstonejs/codec-openjpeg/decodewasm';
declare module '@cornerstonejs/codec-charls/decodewasm';
declare module 'jpeg-lossless-decoder-js';
