import type { ExistingDiagnostic, Host } from '../../src/agent/host.ts';

/** An editor whose language tools say what a test lets them say, one turn of the event loop later. */
export class FakeDiagnostics implements Pick<Host, 'diagnostics'> {
  /** By absolute path. */
  readonly said = new Map<string, readonly ExistingDiagnostic[]>();

  async diagnostics(absolutePath: string, signal: AbortSignal): Promise<readonly ExistingDiagnostic[]> {
    await new Promise((resolve) => setImmediate(resolve));
    if (signal.aborted) throw new Error('the editor stopped asking');
    return this.said.get(absolutePath) ?? [];
  }
}
