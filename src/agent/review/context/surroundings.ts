import type { Finding } from '../../findings/finding.ts';
import type { Suppressions } from '../../findings/suppressions.ts';
import type { Host } from '../../host.ts';
import type { SnapshotSource } from '../../tasks/payloadSnapshot.ts';
import { folderLabels } from '../../workspace/paths.ts';
import { redact } from '../../workspace/redact.ts';
import type { Snapshot } from '../../workspace/snapshot.ts';
import type { Workspace } from '../../workspace/workspace.ts';
import type { ContextBlock } from '../ai/contextBlock.ts';
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
    const path = (file: string) => (folder === '' ? file : `${folder}/${file}`);
    switch (suppression.scope) {
      case 'rule':
        return [`every finding of the rule ${suppression.rule}: ${reason}`];
      case 'file':
        return files.includes(path(suppression.file)) ? [`everything in ${path(suppression.file)}: ${reason}`] : [];
      case 'finding': {
        if (!files.includes(path(suppression.file))) return [];
        return [`${path(suppression.file)}, "${suppression.title}", at ${suppression.quote}: ${reason}`];
      }
    }
  });
  if (told.length === 0) return [];
  const text = told.slice(-mostDisputes).join('\n');
  return [
    {
      title: 'earlier findings that the people of this project found to be wrong or accepted',
      text: redact(text).text,
    },
  ];
}
