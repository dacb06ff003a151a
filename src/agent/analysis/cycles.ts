/**
 * The groups of nodes that reach each other, each with more than one node, the largest first (Tarjan, without recursion:
 * a chain of imports can be longer than the call stack).
 */
export function cyclesIn(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const onStack = new Set<string>();
  const groups: string[][] = [];

  for (const root of graph.keys()) {
    if (order.has(root)) continue;
    const work: { node: string; next: number }[] = [{ node: root, next: 0 }];
    for (let top = work.at(-1); top; top = work.at(-1)) {
      const { node } = top;
      if (top.next === 0 && !order.has(node)) {
        order.set(node, order.size);
        lowest.set(node, order.get(node) ?? 0);
        stack.push(node);
        onStack.add(node);
      }
      const target = (graph.get(node) ?? [])[top.next++];
      if (target !== undefined) {
        if (!order.has(target)) work.push({ node: target, next: 0 });
        else if (onStack.has(target)) lower(lowest, node, order.get(target));
        continue;
      }
      work.pop();
      const parent = work.at(-1);
      if (parent) lower(lowest, parent.node, lowest.get(node));
      if (lowest.get(node) !== order.get(node)) continue;
      const group = stack.splice(stack.lastIndexOf(node));
      for (const member of group) onStack.delete(member);
      if (group.length > 1) groups.push(group.sort());
    }
  }
  return groups.sort((a, b) => b.length - a.length || ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1));
}

function lower(lowest: Map<string, number>, node: string, candidate: number | undefined): void {
  lowest.set(node, Math.min(lowest.get(node) ?? Infinity, candidate ?? Infinity));
}
