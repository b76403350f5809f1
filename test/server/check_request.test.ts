import { describe, expect, it } from 'vitest';
import { checkRequest, isLoopback } from '../../src/server/check_request.ts';

const ask = (url: string, headers: Record<string, string> = {}, method = 'GET', boundTo = '127.0.0.1') =>
  checkRequest({ method, url, headers: { host: '127.0.0.1:8152', ...headers } }, boundTo);
const statusOf = (...request: Parameters<typeof ask>) => {
  const answer = ask(...request);
  return 'status' in answer ? answer.status : 200;
};

describe('checkRequest', () => {
  it('returns the decoded path without its query', () => {
    expect(ask('/sample/a%20b.jpeg?x=..%2f')).toEqual({ path: '/sample/a b.jpeg' });
    expect(ask('/')).toEqual({ path: '/' });
  });

  it.each([
    '/../package.json',
    '/assets/../../package.json',
    '/%2e%2e/package.json',
    '/..%2fpackage.json',
    '/%2e%2e%2f%2e%2e%2fetc/passwd',
    '/.git/config',
    '/sample/./x',
    '/a\\..\\b',
    '/a%5c..%5cb',
    '//evil.example/x',
    '/a%00.jpeg',
    '/a%0d%0aset-cookie:x',
    '/%E0%A4%A',
    '/%',
    'http://127.0.0.1/raycam.json',
    '*',
    '',
  ])('rejects the address %j', url => {
    expect(statusOf(url)).toBe(400);
  });

  it('rejects an address of more than 2048 characters', () => {
    expect(statusOf(`/${'a'.repeat(2047)}`)).toBe(200);
    expect(statusOf(`/${'a'.repeat(2048)}`)).toBe(414);
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT'])('rejects %s for a file', method => {
    expect(statusOf('/index.html', {}, method)).toBe(405);
  });

  it('allows only the page itself to pull weights', () => {
    const url = '/pull/resnet50.caffe_in1k';
    expect(statusOf(url, { origin: 'http://127.0.0.1:8152' }, 'POST')).toBe(200);
    expect(statusOf(url, { 'sec-fetch-site': 'same-origin' }, 'POST')).toBe(200);
    expect(statusOf(url, {}, 'POST')).toBe(403);
    expect(statusOf(url, { origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' }, 'POST')).toBe(403);
    expect(statusOf(url, { origin: 'http://localhost:9000', 'sec-fetch-site': 'same-site' }, 'POST')).toBe(403);
  });

  it('accepts only loopback host names when bound to loopback', () => {
    for (const host of ['127.0.0.1:8152', 'localhost', 'LOCALHOST:1', '[::1]:8152'])
      expect(statusOf('/', { host })).toBe(200);
    for (const host of ['evil.example', '127.0.0.1.evil.example', '10.0.0.7', 'localhost:8152:1', '', 'user@localhost'])
      expect(statusOf('/', { host })).toBe(421);
  });

  it('accepts IP addresses and this computer’s names when bound to another address', () => {
    for (const host of ['10.0.0.7:8152', '[fe80::1]', 'lab.example'])
      expect(statusOf('/', { host }, 'GET', 'lab.example')).toBe(200);
    expect(statusOf('/', { host: 'evil.example' }, 'GET', '0.0.0.0')).toBe(421);
  });
});

it('isLoopback recognises loopback addresses and names only', () => {
  expect(['127.0.0.1', '127.1.2.3', 'localhost', '::1'].every(isLoopback)).toBe(true);
  expect(['0.0.0.0', '::', '10.0.0.1', '127.example'].some(isLoopback)).toBe(false);
});
