import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { priorities } from '../../../src/agent/tasks/task.ts';
import { TaskQueue } from '../../../src/agent/tasks/taskQueue.ts';
import { task } from './examples.ts';

test('the most urgent goes first, and among equals the one that came first', () => {
  const queue = new TaskQueue<{ readonly task: ReturnType<typeof task> }>();
  for (const [id, priority] of [
    ['a', 'low'],
    ['b', 'normal'],
    ['c', 'critical'],
    ['d', 'high'],
    ['e', 'critical'],
    ['f', 'normal'],
  ] as const) {
    queue.add({ task: task(id, { priority }) });
  }
  assert.deepEqual(
    [...queue].map(({ task: { id } }) => id),
    ['c', 'e', 'd', 'b', 'f', 'a'],
  );
  const taken: string[] = [];
  for (let next = queue.take(); next; next = queue.take()) taken.push(next.task.id);
  assert.deepEqual(taken, ['c', 'e', 'd', 'b', 'f', 'a']);
  assert.equal(queue.size, 0);
});

test('one that may not go yet keeps its place and lets the next one by', () => {
  const queue = new TaskQueue<{ readonly task: ReturnType<typeof task> }>();
  for (const id of ['a', 'b', 'c']) queue.add({ task: task(id) });
  assert.equal(queue.take(({ task: { id } }) => id !== 'a')?.task.id, 'b');
  assert.equal(queue.take()?.task.id, 'a');
  assert.equal(
    queue.take(() => false),
    undefined,
  );
});

test('any mix of adding and removing keeps urgency and order', () => {
  const step = fc.record({ id: fc.nat(20), priority: fc.constantFrom(...priorities), remove: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new TaskQueue<{ readonly task: ReturnType<typeof task> }>();
      let model: { readonly task: ReturnType<typeof task> }[] = [];
      for (const { id, priority, remove } of steps) {
        const known = model.find((each) => each.task.id === String(id));
        if (remove && known) {
          assert.equal(queue.remove(known), true);
          model = model.filter((each) => each !== known);
        } else if (!known) {
          const item = { task: task(String(id), { priority }) };
          queue.add(item);
          model.push(item);
        }
      }
      const urgency = (item: (typeof model)[number]) => priorities.indexOf(item.task.priority);
      assert.deepEqual(
        [...queue],
        model.toSorted((a, b) => urgency(b) - urgency(a)),
      );
      assert.equal(queue.size, model.length);
    }),
  );
});
