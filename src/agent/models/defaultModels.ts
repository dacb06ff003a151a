/**
 * What is tried, in order, when the person has chosen no model. As of November 2026. A preference and never a must:
 * accounts differ in what they may call, and the first that answers is used.
 */
export const defaultModels: readonly [DefaultModel, ...DefaultModel[]] = [
  { id: 'anthropic.claude-sonnet-5-5' },
  { id: 'anthropic.claude-sonnet-5' },
  { id: 'anthropic.claude-sonnet-4-6' },
  { id: 'anthropic.claude-sonnet-4-5-20250929-v1:0' },
  { id: 'anthropic.claude-haiku-4-5-20251001-v1:0' },
  { id: 'amazon.nova-pro-v1:0', inRegion: true },
];

export interface DefaultModel {
  readonly id: string;
  /** Also callable without an inference profile, in the regions that host it. */
  readonly inRegion?: true;
}

/**
 * Prefixes of the inference profiles that keep a call in the geography of its region, by how the region begins; the
 * first that fits counts. `global.` is never a default: where code travels to is for the person to say.
 */
export const profilePrefixes: readonly (readonly [region: string, prefixes: readonly string[]])[] = [
  ['us-gov-', ['us-gov']],
  ['us-', ['us']],
  ['ca-', ['ca']],
  ['eu-', ['eu']],
  ['ap-southeast-2', ['au', 'apac']],
  ['ap-southeast-4', ['au', 'apac']],
  ['ap-northeast-1', ['jp', 'apac']],
  ['ap-northeast-3', ['jp', 'apac']],
  ['ap-', ['apac']],
];

/** What the id of an inference profile has before that of its model. */
export const profilePrefix = new RegExp(
  `^(${[...new Set(profilePrefixes.flatMap(([, prefixes]) => prefixes)), 'global'].join('|')})\\.`,
);
