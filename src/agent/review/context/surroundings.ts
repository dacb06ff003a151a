import type { Finding } from '../../findings/finding.ts';
import type { Suppressions } from '../../findings/suppressions.ts';
import type { Host } from '../../host.ts';
import type { SnapshotSource } from '../../tasks/payloadSnapshot.ts';
import { folderLabels } from '../../workspace/paths.ts';
import { redact } from '../../workspace/redact.ts';
import type { Snapshot } from '../../workspace/snapshot.ts';
import type { Workspace } from '../../workspace/workspace.ts';
import { type ContextBlock, disputesRoom, fitting } from '../ai/contextBlock.ts';
import type { Slices } from '../static/slices.ts';
import { findGuidance, type Guidance } from './guidance.ts';
import { findRelated } from './related.ts';

/** What a workspace has to say about the files of one review. */
export interface Surroundings extends Guidance {
  /** Hidden for everybody who has the workspace: no finding for a server either. */
  suppressed(finding: Finding, alike: readonly Finding[]): boolean;
  /** What people said about earlier findings, for the model; none where nobody gave a reason. */
  readonly disputes: readonly ContextBlock[];
  /** Definitions and callers; looked for when first asked. */
  related(file: string): Promise<readonly ContextBlock[]>;
}

export interface SurroundingsParts {
  readonly host: Pick<Host, 'folders' | 'references'>;
  readonly workspace: Workspace & Pick<SnapshotSource, 'snapshots'>;
  readonly suppressions: Pick<Suppressions, 'load' | 'all' | 'hiding'>;
}

/** Reasons beyond these are not told: the newest count. */
const mostDisputes = 40;

export async function surroundingsOf(
  snapshots: readonly Snapshot[],
  { host, workspace, suppressions }: SurroundingsParts,
  slices: Slices,
  signal: AbortSignal,
): Promise<Surroundings> {
  const folders = host.folders();
  const roots = folders.length > 1 ? folderLabels(folders).map((label) => `${label}/`) : [''];
  const files = snapshots.map(({ file }) => file);
  const [guidance, problems] = await Promise.all([findGuidance(files, roots, workspace, signal), suppressions.load()]);
  let related: ReturnType<typeof findRelated> | undefined;
  return {
    ...guidance,
    problems: [
      ...guidance.problems,
      ...problems.flatMap((problem) =>
        problem.ok ? [] : [{ file: '.developer-mesh/baseline.json', reason: `not used: ${problem.failure.message}` }],
      ),
    ],
    suppressed: (finding, alike) => suppressions.hiding(finding, alike)?.keeping === 'shared',
    disputes: disputesAbout(files, suppressions),
    related: async (file) => {
      related ??= findRelated(snapshots, { workspace, host, slices }, signal);
      return (await related)(file);
    },
  };
}

function disputesAbout(files: readonly string[], suppressions: Pick<Suppressions, 'all'>): readonly ContextBlock[] {
  const told = suppressions.all().flatMap(({ suppression, folder }) => {
    const { reason } = suppression;
    if (reason === undefined) return [];
    if (suppression.scope === 'rule') return [`every finding of the rule ${suppression.rule}: ${reason}`];
    const file = folder === '' ? suppression.file : `${folder}/${suppression.file}`;
    if (!files.includes(file)) return [];
    if (suppression.scope === 'file') return [`everything in ${file}: ${reason}`];
    return [`${file}, "${suppression.title}", at ${suppression.quote}: ${reason}`];
  });
  if (told.length === 0) return [];
  const title = 'earlier findings that the people of this project found to be wrong, or accepted';
  // The newest first: what has no room is cut at the end.
  return fitting([{ title, text: redact(told.slice(-mostDisputes).reverse().join('\n')).text }], disputesRoom);
}
