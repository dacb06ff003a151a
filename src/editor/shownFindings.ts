import type { Finding } from '../agent/findings/finding.ts';
import type { FindingStore } from '../agent/findings/store.ts';
import type { Disposable } from '../agent/shared/disposables.ts';
import { Emitter, type Subscribe } from '../agent/shared/emitter.ts';

/** What the surfaces show: the findings of the store without those a person dismissed in this session. */
export interface ShownFindings extends Disposable {
  /** The workspace paths whose shown findings changed. */
  readonly onChange: Subscribe<ReadonlySet<string>>;
  all(): readonly Finding[];
  of(file: string): readonly Finding[];
  find(id: string): Finding | undefined;
  /** Hides the finding, and every later one that means the same, until `restore` or the end of the session. */
  dismiss(id: string): void;
  restore(): void;
  /** How many findings that stand are hidden. */
  hidden(): number;
}

export function showFindings(store: FindingStore, onListenerError: (error: unknown) => void): ShownFindings {
  const dismissed = new Set<string>();
  const changes = new Emitter<ReadonlySet<string>>(onListenerError);
  const following = store.onChange((files) => changes.emit(files));
  const isShown = (finding: Finding) => !dismissed.has(finding.fingerprint);
  return {
    onChange: changes.subscribe,
    all: () => store.all().filter(isShown),
    of: (file) => store.of(file).filter(isShown),
    find: (id) => store.all().find((finding) => finding.id === id),
    dismiss(id) {
      const finding = store.all().find((candidate) => candidate.id === id);
      if (!finding) return;
      dismissed.add(finding.fingerprint);
      changes.emit(new Set([finding.file]));
    },
    restore() {
      const files = new Set(
        store
          .all()
          .filter((finding) => !isShown(finding))
          .map((finding) => finding.file),
      );
      dismissed.clear();
      if (files.size > 0) changes.emit(files);
    },
    hidden: () => store.all().length - store.all().filter(isShown).length,
    dispose() {
      following.dispose();
      changes.dispose();
    },
  };
}
