/** Opens networks and heads, and manages stored weights. */
import type { Site } from '../../shared/site.ts';
import type { Engine } from '../engine.ts';
import { parseHead } from '../heads.ts';
import type { EngineChoice } from '../protocol.ts';
import type { Call } from '../serve_calls.ts';
import { keepStream, listStored, removeStored, type StoredFile } from '../weights_store.ts';

export const networkMethods = {
  /** Must be called first, once. Tells the engine what the site offers, and where it is. */
  async start({ site, baseUrl }: { site: Site; baseUrl: string }, { engine }: Call<Engine>): Promise<void> {
    engine.site = site;
    engine.baseUrl = baseUrl;
  },

  /** Opens a network; the status shows the progress. */
  async openNetwork(choice: EngineChoice, { engine, signal }: Call<Engine>): Promise<void> {
    await engine.open(choice, signal);
  },

  /** Stores the visitor's weights file and returns its id, `file:NAME`. */
  async keepWeights({ file }: { file: File }, { engine }: Call<Engine>): Promise<{ id: string }> {
    const id = `file:${file.name}`;
    const choice: EngineChoice = { model: id, adapter: 'auto' };
    await keepStream({
      file: file.name,
      body: file.stream(),
      sizeBytes: file.size,
      sha256: '',
      onProgress: done => engine.setStatus({ state: 'loading', choice, step: 'check', done, total: file.size }),
    });
    return { id };
  },

  /** Uses the visitor's head file. @throws InputError  it belongs to another network */
  async openHead({ name, bytes }: { name: string; bytes: Uint8Array }, { engine }: Call<Engine>): Promise<void> {
    engine.useHead(await parseHead(name, bytes));
  },

  async listStored(_: object, __: Call<Engine>): Promise<StoredFile[]> {
    return listStored();
  },

  async deleteStored({ file }: { file: string }, _: Call<Engine>): Promise<void> {
    await removeStored(file);
  },
};
