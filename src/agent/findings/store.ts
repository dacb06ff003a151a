import type { Disposable } from '../shared/disposables.ts';
import { Emitter, type Subscribe } from '../shared/emitter.ts';
import type { LineSpan } from '../workspace/snapshot.ts';
import type { Finding } from './finding.ts';
import { type Edit, followEdits } from './followEdits.ts';

/** The truth about what was found. Diagnostics, trees and reports are projections of it. */
export interface FindingStore extends Disposable {
  /** The workspace paths whose findings changed. */
  readonly onChange: Subscribe<ReadonlySet<string>>;
  /** Early findings of a task that still runs. */
  add(findings: readonly Finding[]): void;
  /**
   * All findings of one task, in one step: its earlier ones go. Where an older task had found the same
   * (by fingerprint), the newer one stands, and findings of other tasks in the `reviewed` files go too: they speak of
   * a text that has been looked at again since.
   * `partly`: the lines that were looked at, in files of which only these were; what stands elsewhere in them stays.
   */
  replace(
    taskId: string,
    findings: readonly Finding[],
    reviewed: ReadonlySet<string>,
    partly?: Readonly<Record<string, readonly LineSpan[]>>,
  ): void;
  remove(id: string): void;
  /** Everything, or one file's. */
  clear(file?: string): void;
  /** `cell`: of a notebook, as in `Finding`. */
  edit(file: string, edits: readonly Edit[], cell?: number): void;
  rename(from: string, to: string): void;
  all(): readonly Finding[];
  of(file: string): readonly Finding[];
}

/** One task may find the same twice, in two places; another task that finds it speaks of the same place. */
function isAgain(finding: Finding, earlier: Finding): boolean {
  if (finding.taskId === earlier.taskId) return finding.id === earlier.id;
  return finding.fingerprint === earlier.fingerprint;
}

function touches({ range }: Finding, spans: readonly LineSpan[]): boolean {
  return spans.some(({ from, to }) => range.endLine >= from && range.line <= to);
}

export function createFindingStore(onListenerError: (error: unknown) => void): FindingStore {
  let byFile = new Map<string, readonly Finding[]>();
  const changes = new Emitter<ReadonlySet<string>>(onListenerError);

  /** Puts `next` in the place of the findings of each file, and says which files differ. */
  const become = (next: Map<string, readonly Finding[]>) => {
    const changed = new Set<string>();
    for (const file of new Set([...byFile.keys(), ...next.keys()])) {
      if (byFile.get(file) !== next.get(file)) changed.add(file);
    }
    byFile = next;
    if (changed.size > 0) changes.emit(changed);
  };
  const keep = (next: Map<string, readonly Finding[]>, file: string, findings: readonly Finding[]) => {
    if (findings.length > 0) next.set(file, findings);
    else next.delete(file);
  };
  const insert = (next: Map<string, readonly Finding[]>, findings: readonly Finding[]) => {
    for (const finding of findings) {
      const others = (next.get(finding.file) ?? []).filter((other) => !isAgain(finding, other));
      next.set(finding.file, [...others, finding]);
    }
  };
  const change = (file: string, update: (findings: readonly Finding[]) => readonly Finding[]) => {
    const before = byFile.get(file);
    if (!before) return;
    const next = new Map(byFile);
    keep(next, file, update(before));
    become(next);
  };

  return {
    onChange: changes.subscribe,
    add(findings) {
      const next = new Map(byFile);
      insert(next, findings);
      become(next);
    },
    replace(taskId, findings, reviewed, partly = {}) {
      const next = new Map(byFile);
      for (const [file, standing] of byFile) {
        const spans = Object.hasOwn(partly, file) ? partly[file] : undefined;
        const lookedAt = (finding: Finding) => reviewed.has(file) && (!spans || touches(finding, spans));
        const others = standing.filter((finding) => finding.taskId !== taskId && !lookedAt(finding));
        if (others.length !== standing.length) keep(next, file, others);
      }
      insert(next, findings);
      become(next);
    },
    remove(id) {
      for (const [file, findings] of byFile) {
        if (findings.some((finding) => finding.id === id)) {
          change(file, (all) => all.filter((finding) => finding.id !== id));
        }
      }
    },
    clear(file) {
      const next = new Map(byFile);
      if (file === undefined) next.clear();
      else next.delete(file);
      become(next);
    },
    edit(file, edits, cell) {
      change(file, (findings) => {
        const elsewhere = findings.filter((finding) => finding.cell !== cell);
        if (elsewhere.length === findings.length) return findings;
        return [
          ...elsewhere,
          ...followEdits(
            findings.filter((finding) => finding.cell === cell),
            edits,
          ),
        ];
      });
    },
    rename(from, to) {
      const moving = byFile.get(from);
      if (!moving) return;
      const next = new Map(byFile);
      next.delete(from);
      next.set(
        to,
        moving.map((finding) => ({ ...finding, file: to })),
      );
      become(next);
    },
    all: () => [...byFile.values()].flat(),
    of: (file) => byFile.get(file) ?? [],
    dispose: () => changes.dispose(),
  };
}
