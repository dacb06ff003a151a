import type { Finding } from '../agent/findings/finding.ts';
import type { FindingStore } from '../agent/findings/store.ts';
import type { Disposable } from '../agent/shared/disposables.ts';
import { Emitter, type Subscribe } from '../agent/shared/emitter.ts';
import { byPosition } from './findingGroups.ts';

/** What the surfaces show: the findings of the store without those a person dismissed in this session. */
export interface ShownFindings extends Disposable {
  /** The workspace paths whose shown findings changed. */
  readonly onChange: Subscribe<ReadonlySet<string>>;
  all(): readonly Finding[];
  of(file: string): readonly Finding[];
  find(id: string): Finding | undefined;
  /**
   * Hides the finding, and the one that means the same after a later review, until `restore` or the end of the session.
   * Of several that mean the same in one file only this one goes; when their number changes they are shown again,
   * because which of them was dismissed can then no longer be told.
   */
  dismiss(id: string): void;
  restore(): void;
  /** How many findings that stand are hidden. */
  hidden(): number;
}

export function showFindings(store: FindingStore, onListenerError: (error: unknown) => void): ShownFindings {
  const dismissedIds = new Set<string>();
  /** What outlives a finding: its fingerprint with its place among those that share it. */
  const dismissed = new Set<string>();
  const changes = new Emitter<ReadonlySet<string>>(onListenerError);
  const following = store.onChange((files) => changes.emit(files));
  const occurrence = ({ id, file, fingerprint }: Finding) => {
    const alike = store.of(file).filter((other) => other.fingerprint === fingerprint);
    const place = alike.sort(byPosition).findIndex((other) => other.id === id);
    return `${fingerprint} ${place} of ${alike.length}`;
  };
  const isShown = (finding: Finding) =>
    dismissed.size === 0 || (!dismissedIds.has(finding.id) && !dismissed.has(occurrence(finding)));
  return {
    onChange: changes.subscribe,
    all: () => store.all().filter(isShown),
    of: (file) => store.of(file).filter(isShown),
    find: (id) => store.all().find((finding) => finding.id === id),
    dismiss(id) {
      const finding = store.all().find((candidate) => candidate.id === id);
      if (!finding) return;
      dismissedIds.add(id);
      dismissed.add(occurrence(finding));
      changes.emit(new Set([finding.file]));
    },
    restore() {
      const files = new Set(
        store
          .all()
          .filter((finding) => !isShown(finding))
          .map((finding) => finding.file),
      );
      dismissedIds.clear();
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
