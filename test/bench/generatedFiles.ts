/** Source files that nobody wrote, full of lines that read alike: what makes a quote hard to place. */
import type { Chance } from './anchorCases.ts';

const words = ['open', 'close', 'user', 'path', 'total', 'retry', 'buffer', 'token', 'cache', 'row', 'order', 'price'];

export function generatedFiles(chance: Chance, count: number): string[] {
  const below = (limit: number) => Math.floor(chance() * limit);
  const word = () => words[below(words.length)] ?? 'x';
  const name = () => `${word()}_${word()}`;
  const python = () => [
    `def ${name()}(${word()}, ${word()}):`,
    `    ${word()} = ${name()}(${below(9)})`,
    `    if ${word()} is None:`,
    '        return None',
    `    for ${word()} in ${name()}:`,
    `        ${name()}.append(${word()}.${word()})`,
    `    log.info("done with %s of %s", ${word()}, ${word()})`,
    `    return ${name()}`,
    '',
  ];
  const java = () => [
    `    public int ${word()}${below(99)}(String ${word()}) throws IOException {`,
    `        int ${word()} = ${name()}.get(${below(99)});`,
    `        if (${word()} == null) {`,
    '            throw new IllegalArgumentException("missing");',
    '        }',
    `        this.${word()}.put("${name()}", ${word()}.trim());`,
    `        return ${word()}.size();`,
    '    }',
    '',
  ];
  const go = () => [
    `func (s *Server) ${word()}${below(99)}(ctx context.Context) error {`,
    `\t${word()}, err := s.${name()}(ctx, ${below(9)})`,
    '\tif err != nil {',
    `\t\treturn fmt.Errorf("${word()}: %w", err)`,
    '\t}',
    `\ts.${word()}[${word()}] = append(s.${word()}[${word()}], ${below(999)})`,
    '\treturn nil',
    '}',
    '',
  ];
  return Array.from({ length: count }, (_, index) => {
    const [make, head, tail] = [
      [python, ['import os', ''], []],
      [java, ['public class Store {'], ['}']],
      [go, ['package store', ''], []],
    ][index % 3] as [() => string[], string[], string[]];
    const functions = Array.from({ length: 4 + below(40) }, make).flat();
    return [...head, ...functions, ...tail].join('\n');
  });
}
