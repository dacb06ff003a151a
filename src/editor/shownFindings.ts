import type { Finding } from '../agent/findings/finding.ts';
import type { FindingStore } from '../agent/findings/store.ts';
import type { Suppressions } from '../agent/findings/suppressions.ts';
import { type Disposable, Disposables } from '../agent/shared/disposables.ts';
import { Emitter, type Subscribe } from '../agent/shared/emitter.ts';

/** What the surfaces show: the findings of the store without those that somebody dismissed. */
export interface ShownFindings extends Disposable {
  /** The workspace paths whose shown findings changed. */
  readonly onChange: Subscribe<ReadonlySet<string>>;
  all(): readonly Finding[];
  of(file: string): readonly Finding[];
  /** Shown or hidden. */
  find(id: string): Finding | undefined;
  /** How many findings that stand are hidden. */
  hidden(): number;
}

export function showFindings(
  store: FindingStore,
  suppressions: Pick<Suppressions, 'onChange' | 'hiding' | 'all'>,
  onListenerError: (error: unknown) => void,
): ShownFindings {
  const disposables = new Disposables();
  const changes = disposables.add(new Emitter<ReadonlySet<string>>(onListenerError));
  /** By file, since the last change of it. */
  const shown = new Map<string, readonly Finding[]>();
  /** By id: a finding stays hidden when another that means the same goes, and its place among them with it. */
  let hiddenBy = new Map<string, string>();
  const isHidden = (finding: Finding, standing: readonly Finding[]) => {
    const kept = suppressions.hiding(finding, standing);
    if (kept) hiddenBy.set(finding.id, JSON.stringify(kept));
    return hiddenBy.has(finding.id);
  };
  const of = (file: string) => {
    const known = shown.get(file);
    if (known) return known;
    const standing = store.of(file);
    const visible = standing.filter((finding) => !isHidden(finding, standing));
    shown.set(file, visible);
    return visible;
  };
  const files = () => [...new Set(store.all().map(({ file }) => file))];
  disposables.add(
    store.onChange((changed) => {
      for (const file of changed) shown.delete(file);
      const standing = new Set(store.all().map(({ id }) => id));
      hiddenBy = new Map([...hiddenBy].filter(([id]) => standing.has(id)));
      changes.emit(changed);
    }),
  );
  disposables.add(
    suppressions.onChange(() => {
      const before = new Map(shown);
      shown.clear();
      const kept = new Set(suppressions.all().map((one) => JSON.stringify(one)));
      hiddenBy = new Map([...hiddenBy].filter(([, by]) => kept.has(by)));
      const changed = files().filter((file) => ids(before.get(file) ?? store.of(file)) !== ids(of(file)));
      if (changed.length > 0) changes.emit(new Set(changed));
    }),
  );
  return {
    onChange: changes.subscribe,
    all: () => files().flatMap(of),
    of,
    find: (id) => store.all().find((finding) => finding.id === id),
    hidden: () => store.all().length - files().flatMap(of).length,
    dispose: () => disposables.dispose(),
  };
}

function ids(findings: readonly Finding[]): string {
  return findings.map(({ id }) => id).join(' ');
}
