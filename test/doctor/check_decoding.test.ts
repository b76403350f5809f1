import { afterEach, expect, it, vi } from 'vitest';

afterEach(() => {
  vi.doUnmock('sharp');
  vi.resetModules();
});

it('passes where images can be decoded', async () => {
  const { checkDecoding } = await import('../../src/doctor/check_decoding.ts');
  expect(await checkDecoding()).toEqual({ passed: true });
});

it('fails with the reason where sharp’s binary is missing', async () => {
  vi.resetModules();
  vi.doMock('sharp', () => {
    throw new Error('Could not load the "sharp" module using the linux-x64 runtime');
  });
  const { checkDecoding } = await import('../../src/doctor/check_decoding.ts');
  const { passed, reason } = await checkDecoding();
  expect(passed).toBe(false);
  expect(reason).toMatch(/^images: the package sharp cannot be loaded for .+ npm install --include=optional sharp$/);
});

it('fails where the decoder returns other pixels', async () => {
  vi.resetModules();
  vi.doMock('sharp', async original => {
    const { default: sharp } = await original<typeof import('sharp')>();
    const inverted = (input: Parameters<typeof sharp>[0], options: Parameters<typeof sharp>[1]) =>
      options && 'raw' in options && options.raw ? sharp(input, options).negate() : sharp(input, options);
    return { default: Object.assign(inverted, sharp) };
  });
  const { checkDecoding } = await import('../../src/doctor/check_decoding.ts');
  expect(await checkDecoding()).toEqual({ passed: false, reason: 'a PNG has other pixels after it was decoded' });
});
