import { join } from 'node:path';
import { failed, failures, type Outcome, succeeded } from '../failures.ts';
import type { Host } from '../host.ts';
import type { Clock } from '../shared/clock.ts';
import type { Disposable } from '../shared/disposables.ts';
import { Emitter, type Subscribe } from '../shared/emitter.ts';
import { placeIn, possiblePlaces } from '../workspace/paths.ts';
import type { Finding } from './finding.ts';
import { covers, type Standing, type Suppression, standing, suppress } from './suppression.ts';
import type { SuppressionFile } from './suppressionFile.ts';

export const baselineFile = '.developer-mesh/baseline.json';

/** `personal`: in the storage of this workspace. `shared`: in the folder's baseline file, for everybody who has it. */
export type Keeping = 'personal' | 'shared';

export interface Kept {
  readonly suppression: Suppression;
  readonly keeping: Keeping;
  /** The workspace path of the folder it is for; '' with one folder. */
  readonly folder: string;
}

/** What people do not want to be shown again. */
export interface Suppressions extends Disposable {
  /** After what is suppressed became another. */
  readonly onChange: Subscribe<undefined>;
  /** Reads the files again; the failures name those that cannot be used, which are then left as they are. */
  load(): Promise<readonly Outcome<never>[]>;
  /** What hides the finding. `alike`: all findings that may mean the same, the finding among them. */
  hiding(finding: Finding, alike: readonly Finding[]): Kept | undefined;
  all(): readonly Kept[];
  add(
    finding: Finding,
    alike: readonly Finding[],
    scope: Suppression['scope'],
    keeping: Keeping,
    reason?: string,
  ): Promise<Outcome<true>>;
  remove(kept: readonly Kept[]): Promise<Outcome<true>>;
}

export function createSuppressions(
  host: Pick<Host, 'folders' | 'storage' | 'trusted'>,
  clock: Clock,
  onListenerError: (error: unknown) => void,
): Suppressions {
  const changes = new Emitter<undefined>(onListenerError);
  let kept: readonly Kept[] = [];
  /** Workspace paths of files that findings were dismissed in and that are no more. */
  let gone: ReadonlySet<string> = new Set();
  /** One change of the files after the other. */
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = turn.then(work, work);
    turn = done;
    return done;
  };
  const drawers = (): readonly Drawer[] => (host.trusted() ? drawersOf(host) : []);

  const readAll = async () => {
    const problems: Outcome<never>[] = [];
    const next: Kept[] = [];
    const { isMissing, readSuppressions } = await import('./suppressionFile.ts');
    for (const drawer of drawers()) {
      const read = await readSuppressions(drawer);
      if (!read.ok) problems.push(read);
      else
        for (const suppression of read.value) next.push({ suppression, keeping: drawer.keeping, folder: drawer.label });
    }
    const missing = new Set<string>();
    for (const path of new Set(next.flatMap((one) => fileOf(one) ?? []))) {
      const places = possiblePlaces(path, host.folders());
      const place = places.ok ? places.value[0] : undefined;
      if (place && (await isMissing(place))) missing.add(path);
    }
    const changed = JSON.stringify([next, [...missing]]) !== JSON.stringify([kept, [...gone]]);
    kept = next;
    gone = missing;
    if (changed) changes.emit(undefined);
    return problems;
  };
  /** Reads one file, changes what it holds, and writes it. */
  const rewrite = async (
    drawer: Drawer,
    change: (before: readonly Suppression[]) => readonly Suppression[],
  ): Promise<Outcome<true>> => {
    const { readSuppressions, writeSuppressions } = await import('./suppressionFile.ts');
    const before = await readSuppressions(drawer);
    return before.ok ? writeSuppressions(drawer, change(before.value)) : before;
  };
  /** Undefined for a finding that is in no open folder. */
  const standingOf = (
    finding: Finding,
    alike: readonly Finding[],
  ): { readonly label: string; readonly standing: Standing } | undefined => {
    const places = possiblePlaces(finding.file, host.folders());
    const place = places.ok ? places.value[0] : undefined;
    return (
      place && {
        label: labelOf(place.path, place.relative),
        standing: standing(finding, alike, place.relative),
      }
    );
  };

  return {
    onChange: changes.subscribe,
    load: () => inTurn(readAll),
    hiding(finding, alike) {
      if (kept.length === 0) return undefined;
      const found = standingOf(finding, alike);
      return (
        found &&
        kept.find(
          (one) => one.folder === found.label && covers(one.suppression, found.standing, gone.has(fileOf(one) ?? '')),
        )
      );
    },
    all: () => kept,
    add: (finding, alike, scope, keeping, reason) =>
      inTurn(async () => {
        const found = standingOf(finding, alike);
        const drawer = found && drawers().find((one) => one.keeping === keeping && one.label === found.label);
        const today = new Date(clock.now()).toISOString().slice(0, 10);
        const suppression = found && suppress(found.standing, scope, { today, ...(reason && { reason }) });
        if (!drawer || !suppression) return failed(failures.notKept(baselineFile, 'there is no folder for it'));
        const written = await rewrite(drawer, (before) => [...before, suppression]);
        if (written.ok) await readAll();
        return written;
      }),
    remove: (unwanted) =>
      inTurn(async () => {
        const texts = new Set(unwanted.map((one) => JSON.stringify(one)));
        for (const drawer of drawers()) {
          const stays = (suppression: Suppression) =>
            !texts.has(JSON.stringify({ suppression, keeping: drawer.keeping, folder: drawer.label }));
          if (!unwanted.some(({ keeping, folder }) => keeping === drawer.keeping && folder === drawer.label)) continue;
          const written = await rewrite(drawer, (before) => before.filter(stays));
          if (!written.ok) return written;
        }
        await readAll();
        return succeeded(true);
      }),
    dispose: () => changes.dispose(),
  };
}

/** The workspace path of the file in which a finding was dismissed. */
function fileOf({ suppression, folder }: Kept): string | undefined {
  if (suppression.scope !== 'finding') return undefined;
  return folder === '' ? suppression.file : `${folder}/${suppression.file}`;
}

interface Drawer extends SuppressionFile {
  readonly keeping: Keeping;
  readonly label: string;
}

function drawersOf(host: Pick<Host, 'folders' | 'storage'>): readonly Drawer[] {
  const open = host.folders();
  return open.flatMap((folder): readonly Drawer[] => {
    const place = placeIn(folder, baselineFile, open);
    const label = labelOf(place.path, place.relative);
    const personal = join(host.storage, label === '' ? 'dismissed.json' : `dismissed ${label}.json`);
    return [
      { keeping: 'personal', label, path: personal, shown: 'The list of dismissed findings' },
      { keeping: 'shared', label, path: place.absolutePath, place, shown: place.path },
    ];
  });
}

/** What a workspace path has before the part that is below its folder. */
function labelOf(path: string, relative: string): string {
  return path.slice(0, path.length - relative.length).replace(/\/$/, '');
}
