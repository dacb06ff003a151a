/**
 * The settings that a workspace may decide: how much is shown of what was found. Every other one moves data, keys or
 * money, and only the person's own value of it counts. package.json gives each its scope; a test holds the two together.
 */
export const workspaceSettable: ReadonlySet<string> = new Set([
  'review.minimumSeverity',
  'review.minimumConfidence',
  'review.findingsPerFile',
  'review.findingsPerRun',
]);
