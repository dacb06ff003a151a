import type { Capability } from './messages.ts';

const languages = ['typescript', 'javascript', 'python', 'go', 'java', 'csharp', 'rust', 'ruby', 'php', 'cpp'] as const;

/** What we offer a server. The first is what a task without a type is taken for. */
export const capabilities: readonly Capability[] = [
  {
    name: 'code_analysis',
    confidence: 0.9,
    taskTypes: ['code_review'],
    languages,
    specialties: ['security', 'correctness', 'performance', 'reliability', 'maintainability'],
  },
  {
    name: 'documentation',
    confidence: 0.85,
    taskTypes: ['documentation'],
    languages,
    specialties: ['symbols', 'files', 'readme'],
  },
  {
    name: 'analysis',
    confidence: 0.8,
    taskTypes: ['analysis'],
    languages,
    specialties: ['architecture', 'dependencies', 'complexity'],
  },
];
