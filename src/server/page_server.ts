/**
 * The server for the page: it serves the page's files, the site's description and cached weights, and pulls weights.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import sirv from 'sirv';
import { InputError } from '../errors/index.ts';
import { checkRequest } from './check_request.ts';
import { SECURITY_HEADERS } from './headers.ts';
import type { WeightsDesk } from './weights_desk.ts';

export interface PageServerOptions {
  /** The built page: `index.html`, `assets/`, … */
  readonly folder: string;
  readonly host: string;
  /** 0 chooses any free port. */
  readonly port: number;
  readonly weights: WeightsDesk;
}

export interface PageServer {
  readonly url: string;
  close(): Promise<void>;
}

const REQUEST_MS = 30_000;

/** Starts the server. @throws InputError  the port is in use, or may not be opened */
export async function startPageServer(options: PageServerOptions): Promise<PageServer> {
  const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, handlerOf(options));
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  const close = () =>
    new Promise<void>(resolve => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://${host}:${port}/`, close };
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

function handlerOf({ folder, host, weights }: PageServerOptions): Handler {
  const files = sirv(folder, {
    etag: true,
    setHeaders: (response, path) => response.setHeader('cache-control', lifetimeOf(path)),
  });
  const notFound = (response: ServerResponse) => refuse(response, 404, 'There is nothing at this address.');
  return (request, response) => {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    const checked = checkRequest(request, host);
    if ('status' in checked) return refuse(response, checked.status, checked.message);
    const { path } = checked;
    if (path === '/raycam.json') return void answerJson(response, weights.describe());
    const id = /^\/pull\/([^/]+)$/.exec(path)?.[1];
    if (id) return void answerJson(response, request.method === 'POST' ? weights.pull(id) : weights.pullState(id));
    const file = /^\/(?:weights|head)\/([^/]+)$/.exec(path)?.[1];
    if (file) return weights.send(file, { request, response, otherwise: () => notFound(response) });
    files(request, response, () => notFound(response));
  };
}

/** Returns the cache policy. Files in `assets` have their content's hash in their names, so they never change. */
function lifetimeOf(path: string): string {
  return path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
}

async function answerJson(response: ServerResponse, work: Promise<unknown>): Promise<void> {
  try {
    const body = JSON.stringify(await work);
    response.setHeader('cache-control', 'no-store');
    response.setHeader('content-type', 'application/json');
    response.end(body);
  } catch (error) {
    refuse(response, 500, (error as Error).message);
  }
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.statusCode = status;
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.setHeader('cache-control', 'no-store');
  response.end(`${message}\n`);
}

function listen(server: Server, { host, port }: PageServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reasons: Record<string, string> = {
        EADDRINUSE: 'another program is using it',
        EACCES: 'permission denied',
        EADDRNOTAVAIL: 'this computer has no such address',
        ENOTFOUND: 'this host name is unknown',
      };
      const reason = reasons[error.code ?? ''] ?? error.message;
      reject(
        new InputError(
          `serve: port ${port} of ${host} cannot be opened (${reason}). Choose another with --port or --host`,
        ),
      );
    });
    server.listen(port, host, resolve);
  });
}
