import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Incoming, Outgoing } from '../../src/agent/connection/messages.ts';
import { replay } from '../../src/agent/tasks/journalLines.ts';
import type { Task, TaskResult } from '../../src/agent/tasks/task.ts';

interface Line {
  readonly at?: string;
  readonly ran?: string;
  readonly idle?: true;
  readonly register?: readonly string[];
  readonly id?: string;
  readonly message?: Outgoing;
}

interface Assigned {
  readonly task: Task;
  accepted: boolean;
  /** The one that counts: the first that was committed. */
  committed: TaskResult | undefined;
  /** How often the server took a result as the task's own. Anything but 1 is a failure. */
  commits: number;
  /** Every result that was said. */
  readonly said: TaskResult[];
  runs: number;
}

export interface Life {
  /** Where the agent dies; absent: it finishes all there is. */
  readonly point?: string;
  /** Milliseconds after which it dies wherever it is. */
  readonly killAfter?: number;
  /** The first task is cancelled whenever it runs. */
  readonly cancel?: boolean;
}

/**
 * The server's side, which outlives its agent: assigns, takes results, and remembers all of it. It forgets nothing
 * and pushes nothing twice that was accepted, unless it is `pushy`. A second result is answered as finished, or acked.
 */
export class KillPointServer {
  readonly #folder: string;
  readonly #pushy: boolean;
  readonly #tasks = new Map<string, Assigned>();

  constructor(folder: string, tasks: readonly Task[], pushy: boolean) {
    this.#folder = folder;
    this.#pushy = pushy;
    for (const task of tasks) {
      this.#tasks.set(task.id, { task, accepted: false, committed: undefined, commits: 0, said: [], runs: 0 });
    }
  }

  get tasks(): readonly Assigned[] {
    return [...this.#tasks.values()];
  }

  /** Runs one life of the agent. Resolves when it is dead; true when it had nothing left to do. */
  live({ point = 'none', killAfter, cancel = false }: Life): Promise<boolean> {
    const program = join(import.meta.dirname, 'killPointAgent.ts');
    const child = spawn(process.execPath, [program, this.#folder, point], { stdio: ['pipe', 'pipe', 'inherit'] });
    const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter);
    return new Promise((resolve, reject) => {
      let finished = false;
      const guard = setTimeout(() => {
        reject(new Error(`an agent hangs, on its way to ${point}`));
        child.kill('SIGKILL');
      }, 30_000);
      assert.ok(child.stdout);
      // Talking to somebody who was just killed is no mistake here.
      child.stdin?.on('error', () => undefined);
      createInterface({ input: child.stdout }).on('line', (text) => {
        try {
          const line: Line = JSON.parse(text);
          if (line.idle && this.tasks.every(({ committed }) => committed)) finished = true;
          this.#hear(line, child, point, cancel);
          if (finished) child.stdin?.end();
        } catch (error) {
          reject(error);
          child.kill('SIGKILL');
        }
      });
      child.on('close', () => {
        clearTimeout(guard);
        clearTimeout(timer);
        resolve(finished);
      });
    });
  }

  #hear(line: Line, child: ChildProcess, point: string, cancel: boolean): void {
    const tell = (word: Incoming) => child.stdin?.write(`${JSON.stringify(word)}\n`);
    if (line.at !== undefined) child.kill('SIGKILL');
    if (line.ran !== undefined) {
      this.#task(line.ran).runs += 1;
      if (cancel && line.ran === this.tasks[0]?.task.id) {
        tell({ kind: 'cancel', taskId: line.ran, reason: 'not needed' });
      }
    }
    if (line.register) {
      tell({ kind: 'registered' });
      for (const { task, accepted, committed } of this.tasks) {
        if (!committed && (!accepted || this.#pushy)) tell({ kind: 'task', task });
      }
    }
    if (line.message?.kind === 'accepted') {
      const { taskId } = line.message;
      assert.ok(this.#onDisk(taskId), `${taskId} was accepted before it was on disk`);
      this.#task(taskId).accepted = true;
    }
    if (line.message?.kind === 'result' && line.id !== undefined) {
      this.#take(line.message.result, line.id, tell, (here) => {
        if (here !== point) return false;
        child.kill('SIGKILL');
        return true;
      });
    }
  }

  #take(result: TaskResult, messageId: string, tell: (word: Incoming) => void, die: (here: string) => boolean): void {
    const task = this.#task(result.task_id);
    assert.ok(this.#onDisk(result.task_id), 'a result was sent before it was on disk');
    task.said.push(result);
    if (die('server: before the commit')) return;
    if (task.committed && this.#pushy) {
      tell({ kind: 'refused', reason: 'finished', text: 'cannot be completed in status completed', about: messageId });
      return;
    }
    if (!task.committed) task.commits += 1;
    task.committed ??= result;
    if (die('server: committed, not acknowledged')) return;
    tell({ kind: 'delivered', messageId });
    die('server: acknowledged');
  }

  #onDisk(taskId: string): boolean {
    const { state } = replay(readFileSync(join(this.#folder, 'journal.jsonl'), 'utf8'));
    return state.tasks.has(taskId) || state.ended.has(taskId);
  }

  #task(id: string): Assigned {
    const task = this.#tasks.get(id);
    assert.ok(task, `the agent speaks of ${id}, which was never assigned`);
    return task;
  }
}
