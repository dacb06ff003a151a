import * as vscode from 'vscode';
import type { CommandParts } from '../commandParts.ts';
import { plainLine } from '../plainText.ts';
import type { Proposal } from '../taskResults.ts';
import { uriOf } from '../workspacePaths.ts';
import { sayGone } from './findings.ts';

/** One diff after the other, until the person closes one without an answer. `complete`: nothing was left undone. */
export async function showProposals(
  parts: CommandParts,
  proposals: readonly Proposal[],
  complete: boolean,
): Promise<void> {
  if (proposals.length === 0 && complete) {
    void vscode.window.showInformationMessage('There is nothing to add: the documentation is as it should be.');
  }
  for (const proposal of proposals) {
    const uri = uriOf(proposal.file);
    if (!uri) continue;
    const title = proposal.symbol ? `documentation of ${plainLine(proposal.symbol, 80)}` : 'documentation';
    const outcome = await parts.changes.propose({
      uri,
      title,
      old: proposal.old,
      new: proposal.new,
      near: () => undefined,
    });
    if (outcome === 'gone') sayGone(proposal.file);
    if (outcome === 'open') return;
  }
}
