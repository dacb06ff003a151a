import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Anchored, anchorIn } from '../../../src/agent/review/anchor.ts';
import { linesOf } from '../../../src/agent/review/lines.ts';

const source = [
  'export function total(items: Item[]): number {',
  '  let sum = 0;',
  '  for (let index = 0; index <= items.length; index++) {',
  '    sum += items[index].price;',
  '  }',
  '  return sum;',
  '}',
  '',
  'export function average(items: Item[]): number {',
  '  const sum = total(items);',
  '  // nobody has checked for an empty list',
  '  return sum / items.length;',
  '}',
].join('\n');

/** Fails with the kind when it is nowhere. */
function placed(anchored: Anchored) {
  assert.equal(anchored.kind, 'at');
  return anchored.kind === 'at' ? anchored : assert.fail();
}

test('a quote that stands once is found whatever the hint says', () => {
  const { range, quote } = placed(anchorIn(source)('return sum / items.length;', 1));
  assert.deepEqual(range, { line: 12, column: 3, endLine: 12, endColumn: 29 });
  assert.equal(quote, 'return sum / items.length;');
});

test('a quote of several lines covers them', () => {
  const { range } = placed(anchorIn(source)('  let sum = 0;\n  for (let index = 0; index <= items.length; index++) {'));
  assert.deepEqual(range, { line: 2, column: 3, endLine: 3, endColumn: 56 });
});

test('of several places the one nearest to the hint is taken', () => {
  const text = ['save();', ...Array(10).fill('step();'), 'save();', ...Array(10).fill('step();'), 'save();'].join('\n');
  assert.equal(placed(anchorIn(text)('save();', 13)).range.line, 12);
  assert.equal(placed(anchorIn(text)('save();', 1)).range.line, 1);
});

test('several places without a usable hint are ambiguous, and so are two equally near ones', () => {
  const text = ['save();', ...Array(9).fill('step();'), 'save();'].join('\n');
  assert.equal(anchorIn(text)('save();').kind, 'ambiguous');
  assert.equal(anchorIn(text)('save();', 5000).kind, 'ambiguous');
  assert.equal(anchorIn(text)('save();', 6).kind, 'ambiguous');
});

test('a hint more than 40 lines away from all places does not choose', () => {
  const text = ['save();', ...Array(60).fill('step();'), 'save();', ...Array(60).fill('step();')].join('\n');
  assert.equal(anchorIn(text)('save();', 110).kind, 'ambiguous');
});

test('without a hint a place that fills its line wins over one inside a longer line', () => {
  const text = 'const a = load(x) ?? fallback;\nload(x)\n';
  assert.equal(placed(anchorIn(text)('load(x)')).range.line, 2);
});

test('a quote is not found inside a longer word', () => {
  assert.equal(anchorIn('const maximum = 3;')('max').kind, 'absent');
  assert.equal(anchorIn('const größe = 3;')('gr').kind, 'absent');
});

test('a re-indented and re-wrapped quote is found', () => {
  const { range } = placed(
    anchorIn(source)('for (let index = 0;\n\tindex <= items.length;\n\tindex++) {\nsum += items[index].price;'),
  );
  assert.deepEqual([range.line, range.endLine], [3, 4]);
});

test('the line numbers of the prompt are not part of the quote, and serve as a hint', () => {
  assert.equal(placed(anchorIn(source)('  12|   return sum / items.length;')).range.line, 12);
  assert.equal(
    placed(
      anchorIn(source)(
        '+ 3|   for (let index = 0; index <= items.length; index++) {\n  4|     sum += items[index].price;',
      ),
    ).range.endLine,
    4,
  );
  const text = ['}', '', '}'].join('\n');
  assert.equal(placed(anchorIn(text)('   3| }')).range.line, 3);
});

test('a code fence around the quote is not part of it', () => {
  assert.equal(placed(anchorIn(source)('```ts\nreturn sum / items.length;\n```')).range.line, 12);
});

test('lines left out of a quote by three dots are bridged', () => {
  const { range } = placed(anchorIn(source)('const sum = total(items);\n...\nreturn sum / items.length;'));
  assert.deepEqual([range.line, range.endLine], [10, 12]);
  assert.equal(anchorIn(source)('return sum / items.length;\n...\nconst sum = total(items);').kind, 'absent');
});

test('a small slip in the quote is forgiven near the hint, and only there', () => {
  const slip = 'for (let index = 0; index < items.length; index++) {';
  assert.equal(placed(anchorIn(source)(slip, 3)).range.line, 3);
  assert.equal(anchorIn(source)(slip).kind, 'absent');
  const far = `${source}\n${'step();\n'.repeat(80)}`;
  assert.equal(anchorIn(far)(slip, 80).kind, 'absent');
});

test('code that is not in the file is absent', () => {
  assert.equal(anchorIn(source)('const connection = await pool.connect();', 3).kind, 'absent');
  assert.equal(anchorIn(source)('', 3).kind, 'absent');
  assert.equal(anchorIn(source)('  \n ', 3).kind, 'absent');
  assert.equal(anchorIn('')('x', 1).kind, 'absent');
  assert.equal(anchorIn('a\n\nb')(';', 2).kind, 'absent');
});

test('a file with CRLF has the same lines and columns', () => {
  const { range, quote } = placed(
    anchorIn(source.replaceAll('\n', '\r\n'))('let sum = 0;\n  for (let index = 0; index <= items.length; index++) {'),
  );
  assert.deepEqual(range, { line: 2, column: 3, endLine: 3, endColumn: 56 });
  assert.ok(quote.includes('\r\n'));
});

test('columns count UTF-16 units', () => {
  const { range } = placed(anchorIn('const greeting = "👋"; send(greeting);')('send(greeting);'));
  assert.deepEqual([range.column, range.endColumn], [24, 39]);
});

test('a range covers at most ten lines', () => {
  const text = Array.from({ length: 40 }, (_, index) => `step(${index});`).join('\n');
  const { range } = placed(anchorIn(text)(text));
  assert.deepEqual([range.line, range.endLine], [1, 10]);
});

const word = fc.constantFrom('open', 'close', 'user', 'path', 'total', 'retry', 'buffer', 'token', 'cache', 'row');
const statement = fc
  .tuple(word, word, fc.nat(9999))
  .map(([callee, argument, number]) => `${callee}${number}(${argument}, ${number});`);
const file = fc.uniqueArray(statement, { minLength: 5, maxLength: 80 });
const cut = fc.tuple(
  file,
  fc.nat(),
  fc.integer({ min: 1, max: 6 }),
  fc.integer({ min: 0, max: 8 }),
  fc.integer({ min: -60, max: 60 }),
);

test('a quote of unique lines is found at its lines, re-indented, with CRLF and a wrong hint', () => {
  fc.assert(
    fc.property(cut, fc.constantFrom('\n', '\r\n'), ([rows, seed, length, indent, slip], lineBreak) => {
      const first = seed % rows.length;
      const quoted = rows.slice(first, first + length);
      const text = rows.map((row) => `${' '.repeat(indent)}${row}`).join(lineBreak);
      const { range, quote } = placed(anchorIn(text)(quoted.join('\n'), first + 1 + slip));
      assert.deepEqual([range.line, range.endLine], [first + 1, first + quoted.length]);
      assert.equal(quote.replace(/\s+/g, ''), quoted.join('').replace(/\s+/g, ''));
    }),
  );
});

test('a quote whose lines moved is found where they went', () => {
  fc.assert(
    fc.property(cut, fc.array(statement, { maxLength: 60 }), ([rows, seed, length], above) => {
      const first = seed % rows.length;
      const quoted = rows.slice(first, first + length);
      const others = above.filter((row) => !rows.includes(row));
      const { range } = placed(anchorIn([...others, ...rows].join('\n'))(quoted.join('\n'), first + 1));
      assert.equal(range.line, others.length + first + 1);
    }),
  );
});

test('a quote whose lines were deleted is never put anywhere', () => {
  fc.assert(
    fc.property(cut, ([rows, seed, length, , slip]) => {
      const first = seed % rows.length;
      const quoted = rows.slice(first, first + length);
      const left = [...rows.slice(0, first), ...rows.slice(first + length)];
      const anchored = anchorIn(left.join('\n'))(quoted.join('\n'), first + 1 + slip);
      if (anchored.kind === 'at') {
        // Only a line that nearly reads the same may stand in, as one changed digit of a long line does.
        const [from, to] = [quoted.join('').replace(/\d/g, ''), anchored.quote.replace(/[\d\n]/g, '')];
        assert.equal(to, from);
      }
    }),
  );
});

test('whatever is quoted, the range lies inside the text and holds the quote that is reported', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 300 }),
      fc.string({ maxLength: 40 }),
      fc.integer(),
      (text, wanted, hint) => {
        const anchored = anchorIn(text)(wanted, hint);
        if (anchored.kind !== 'at') return;
        const lines = linesOf(text);
        const { line, column, endLine, endColumn } = anchored.range;
        const start = lines.startOf(line) + column - 1;
        const end = lines.startOf(endLine) + endColumn - 1;
        assert.ok(start < end && end <= text.length);
        assert.equal(text.slice(start, end), anchored.quote);
      },
    ),
  );
});

test('copies of a quote are told apart by the hint', () => {
  fc.assert(
    fc.property(file, fc.integer({ min: 41, max: 90 }), fc.boolean(), (rows, gap, second) => {
      const filler = Array.from({ length: gap }, (_, index) => `filler_${index}();`);
      const text = [...rows, ...filler, ...rows].join('\n');
      const hint = (second ? rows.length + gap : 0) + 1;
      assert.equal(placed(anchorIn(text)(rows[0] ?? '', hint)).range.line, hint);
    }),
  );
});

const twice = [
  'function first() {',
  '  save();',
  '  step();',
  '}',
  ...Array(30).fill(''),
  'function second() {',
  '  save();',
  '}',
];

test('the named function decides between places when the hint names neither', () => {
  const anchor = anchorIn(twice.join('\n'));
  assert.equal(placed(anchor('save();', 20, 'second')).range.line, 36);
  assert.equal(placed(anchor('save();', undefined, 'Store.first')).range.line, 2);
  assert.equal(anchor('save();', 20).kind, 'ambiguous');
  assert.equal(placed(anchor('save();', 36, 'first')).range.line, 36, 'a hint that names a place is believed first');
});

test('a hint that missed by a few lines chooses only when no other place is near', () => {
  const text = (gap: number) => ['save();', ...Array(gap).fill('step();'), 'save();'].join('\n');
  assert.equal(placed(anchorIn(text(30))('save();', 3)).range.line, 1);
  assert.equal(anchorIn(text(5))('save();', 3).kind, 'ambiguous');
});

test('three dots bridge as few lines as they can, unless the hint says where the quote begins', () => {
  const text = ['}', 'a();', '}', 'b();', 'end();'].join('\n');
  assert.equal(placed(anchorIn(text)('}\n...\nend();')).range.line, 3);
  assert.equal(placed(anchorIn(text)('}\n...\nend();', 1)).range.line, 1);
});

test('another number or another word is no slip of the hand', () => {
  const near = (row: string, quote: string) => anchorIn(`begin();\n${row}\nend();`)(quote, 2).kind;
  const row = 'const retries = await client.fetchAll(account, order, 30, options);';
  assert.equal(near(row, row.replace('30', '31')), 'absent');
  assert.equal(near(row, row.replace('order', 'buyer')), 'absent');
  assert.equal(near(row, row.replace('account', 'acount')), 'at');
});
