/** A web server on 127.0.0.1 that can misbehave as a test requires. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TestServer {
  readonly url: string;
  /** The Range header of each request, or `whole`. */
  readonly requests: string[];
  close(): Promise<void>;
}

export type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void;

export async function serve(handler: Handler): Promise<TestServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.headers.range ?? 'whole');
    handler(request, response, requests.length);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/file.bin`,
    requests,
    close: () =>
      new Promise(resolve => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

export interface FileHandlerOptions {
  readonly etag?: string;
  readonly ignoreRange?: boolean;
  /** Closes the connection after this many bytes of a body. */
  readonly cutAfter?: (request: number) => number | undefined;
}

/** Serves one file as a correct server does, except for the options. */
export function fileHandler(content: Uint8Array, options: FileHandlerOptions = {}): Handler {
  const { etag = '"1"', ignoreRange = false, cutAfter } = options;
  return (request, response, count) => {
    const asked = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
    const isFresh = request.headers['if-range'] === etag;
    const start = asked && isFresh && !ignoreRange ? Number(asked[1]) : 0;
    response.setHeader('etag', etag);
    if (start >= content.length && start > 0) {
      response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
      return;
    }
    const body = content.subarray(start);
    if (start > 0) response.setHeader('content-range', `bytes ${start}-${content.length - 1}/${content.length}`);
    response.writeHead(start > 0 ? 206 : 200, { 'content-length': body.length });
    const cut = cutAfter?.(count);
    if (cut === undefined) response.end(body);
    else response.write(body.subarray(0, cut), () => setTimeout(() => response.destroy(), 20));
  };
}
