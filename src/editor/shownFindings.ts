import type { Finding } from '../agent/findings/finding.ts';
import type { FindingStore } from '../agent/findings/store.ts';
import type { Suppressions } from '../agent/findings/suppressions.ts';
import { type Disposable, Disposables } from '../agent/shared/disposables.ts';
import { Emitter, type Subscribe } from '../agent/shared/emitter.ts';

/**
 * What the surfaces show: the findings of the store without those that somebody dismissed. Beside them stand the hidden
 * ones, which are below the person's thresholds or beyond a limit: they are displayed, faintly, when the person says so.
 */
export interface ShownFindings extends Disposable {
  /** The workspace paths whose shown or hidden findings changed. */
  readonly onChange: Subscribe<ReadonlySet<string>>;
  all(): readonly Finding[];
  of(file: string): readonly Finding[];
  /** What is marked in a file: the hidden ones too, while they are displayed. */
  markedIn(file: string): readonly Finding[];
  /** Shown, hidden or dismissed. */
  find(id: string): Finding | undefined;
  hidden(): readonly Finding[];
  isHidden(finding: Finding): boolean;
  /** Whether the hidden ones are displayed. At first they are not. */
  readonly displaysHidden: boolean;
  displayHidden(wanted: boolean): void;
  /** How many findings that stand are dismissed. */
  dismissed(): number;
  /** The findings that may mean the same as this one, itself among them. */
  alike(finding: Finding): readonly Finding[];
  /** All findings of a task in a document that the agent does not know, shown and hidden ones. */
  replace(taskId: string, shown: readonly Finding[], hidden: readonly Finding[], file: string): void;
  remove(id: string): void;
  clear(): void;
}

type Dismissals = Pick<Suppressions, 'onChange' | 'hiding' | 'all'>;

export function showFindings(
  store: FindingStore,
  hiddenStore: FindingStore,
  suppressions: Dismissals,
  onListenerError: (error: unknown) => void,
): ShownFindings {
  const disposables = new Disposables();
  const changes = disposables.add(new Emitter<ReadonlySet<string>>(onListenerError));
  const changed = (files: ReadonlySet<string>) => changes.emit(files);
  const shown = disposables.add(undismissed(store, suppressions, changed));
  const hidden = disposables.add(undismissed(hiddenStore, suppressions, changed));
  let displaysHidden = false;
  const isHidden = ({ id, file }: Finding) => hiddenStore.of(file).some((finding) => finding.id === id);
  return {
    onChange: changes.subscribe,
    all: shown.all,
    of: shown.of,
    markedIn: (file) => (displaysHidden ? [...shown.of(file), ...hidden.of(file)] : shown.of(file)),
    find: (id) => [...store.all(), ...hiddenStore.all()].find((finding) => finding.id === id),
    hidden: hidden.all,
    isHidden,
    get displaysHidden() {
      return displaysHidden;
    },
    displayHidden(wanted) {
      if (wanted === displaysHidden) return;
      displaysHidden = wanted;
      changes.emit(new Set(hidden.all().map(({ file }) => file)));
    },
    dismissed: () => shown.dismissed() + hidden.dismissed(),
    alike: (finding) => (isHidden(finding) ? hiddenStore : store).of(finding.file),
    replace(taskId, own, ownHidden, file) {
      store.replace(taskId, own, new Set([file]));
      hiddenStore.replace(taskId, ownHidden, new Set([file]));
    },
    remove(id) {
      store.remove(id);
      hiddenStore.remove(id);
    },
    clear() {
      store.clear();
      hiddenStore.clear();
    },
    dispose: () => disposables.dispose(),
  };
}

interface Undismissed extends Disposable {
  all(): readonly Finding[];
  of(file: string): readonly Finding[];
  dismissed(): number;
}

function undismissed(
  store: FindingStore,
  suppressions: Dismissals,
  changed: (files: ReadonlySet<string>) => void,
): Undismissed {
  const disposables = new Disposables();
  /** By file, since the last change of it. */
  const shown = new Map<string, readonly Finding[]>();
  /** By id: a finding stays dismissed when another that means the same goes, and its place among them with it. */
  let dismissedBy = new Map<string, string>();
  const isDismissed = (finding: Finding, standing: readonly Finding[]) => {
    const kept = suppressions.hiding(finding, standing);
    if (kept) dismissedBy.set(finding.id, JSON.stringify(kept));
    return dismissedBy.has(finding.id);
  };
  const of = (file: string) => {
    const known = shown.get(file);
    if (known) return known;
    const standing = store.of(file);
    const visible = standing.filter((finding) => !isDismissed(finding, standing));
    shown.set(file, visible);
    return visible;
  };
  const files = () => [...new Set(store.all().map(({ file }) => file))];
  const all = () => files().flatMap(of);
  disposables.add(
    store.onChange((differing) => {
      for (const file of differing) shown.delete(file);
      const standing = new Set(store.all().map(({ id }) => id));
      dismissedBy = new Map([...dismissedBy].filter(([id]) => standing.has(id)));
      changed(differing);
    }),
  );
  disposables.add(
    suppressions.onChange(() => {
      const before = new Map(shown);
      shown.clear();
      const kept = new Set(suppressions.all().map((one) => JSON.stringify(one)));
      dismissedBy = new Map([...dismissedBy].filter(([, by]) => kept.has(by)));
      const differing = files().filter((file) => ids(before.get(file) ?? store.of(file)) !== ids(of(file)));
      if (differing.length > 0) changed(new Set(differing));
    }),
  );
  return { all, of, dismissed: () => store.all().length - all().length, dispose: () => disposables.dispose() };
}

function ids(findings: readonly Finding[]): string {
  return findings.map(({ id }) => id).join(' ');
}
