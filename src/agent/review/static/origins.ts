import type { Node } from 'web-tree-sitter';
import { isFunction, scopeAround } from './scope.ts';

/** From what a value is made, as far as the function around it shows, in whatever order its lines run. */
export interface Origins {
  /** The source text of each expression that goes into it, the value's own first. */
  readonly texts: readonly string[];
  /** Which variable each of the texts behind the first was given to. */
  readonly names: readonly string[];
  /** What the value itself is given when it is a variable. */
  readonly values: readonly Node[];
  /** Whether a parameter of a function around it goes into it. */
  readonly parameter: boolean;
}

/** Node type -> fields of the variable and of what it is given, in JavaScript, Python, Go and Java. */
const givers: Readonly<Record<string, readonly [string, string]>> = {
  variable_declarator: ['name', 'value'],
  assignment_expression: ['left', 'right'],
  augmented_assignment_expression: ['left', 'right'],
  for_in_statement: ['left', 'right'],
  assignment: ['left', 'right'],
  augmented_assignment: ['left', 'right'],
  for_statement: ['left', 'right'],
  for_in_clause: ['left', 'right'],
  named_expression: ['name', 'value'],
  short_var_declaration: ['left', 'right'],
  assignment_statement: ['left', 'right'],
  var_spec: ['name', 'value'],
  range_clause: ['left', 'right'],
  enhanced_for_statement: ['name', 'value'],
  resource: ['name', 'value'],
  // `with open(path) as file`: what is given has no name of its own and stands first.
  as_pattern: ['alias', ''],
};
const giverTypes = Object.keys(givers);
/** Name of the field under which an identifier stands that names no variable, by the type of its parent. */
const memberFields: Readonly<Record<string, string>> = {
  attribute: 'attribute',
  keyword_argument: 'name',
  method_invocation: 'name',
  field_access: 'field',
};

const longestScope = 20_000;
const longestText = 2_000;
const mostExpressions = 30;

/** Name -> what it is given, anywhere in a scope. */
type Given = ReadonlyMap<string, readonly Node[]>;

/** Of one tree; what was read of a scope is kept for the next question about it. */
export function originsIn(): (value: Node) => Origins {
  const known = new Map<number, Given>();
  const functions = functionsOfTree();
  const givenIn = (scope: Node): Given => {
    const kept = known.get(scope.id);
    if (kept) return kept;
    const read = readGiven(scope);
    known.set(scope.id, read);
    return read;
  };

  return (value) => {
    const given = givenIn(scopeAround(value, longestScope));
    const expressions = [value];
    const givenTo: string[] = [];
    const names = new Set<string>();
    let parameter = false;
    for (const expression of expressions) {
      for (const name of namesIn(expression)) {
        if (names.has(name)) continue;
        names.add(name);
        const owner = functions.around(expression).find(({ parameters }) => parameters.has(name))?.node;
        parameter ||= owner !== undefined;
        for (const source of given.get(name) ?? []) {
          if (expressions.length >= mostExpressions) break;
          // Only code in the function where it is given sees it, and not past a parameter of the same name.
          const within = functions.around(source)[0]?.node;
          if (within && !contains(within, expression)) continue;
          if (owner && !(within && contains(owner, within))) continue;
          expressions.push(source);
          givenTo.push(name);
        }
      }
    }
    return {
      texts: expressions.map((node) => node.text.slice(0, longestText)),
      names: givenTo,
      values: expressions.slice(1).filter((_source, index) => givenTo[index] === value.text),
      parameter,
    };
  };
}

const contains = (outer: Node, inner: Node): boolean =>
  outer.startIndex <= inner.startIndex && inner.endIndex <= outer.endIndex;

function readGiven(scope: Node): Given {
  const given = new Map<string, Node[]>();
  for (const node of scope.descendantsOfType(giverTypes)) {
    const fields = givers[node.type];
    const left = fields && node.childForFieldName(fields[0]);
    const right = fields && (fields[1] === '' ? node.firstNamedChild : node.childForFieldName(fields[1]));
    if (!left || !right || isFunction(right)) continue;
    const target = left.text.slice(0, 300);
    // One name or path, or else a pattern of several; an element that is written tells nothing of the whole.
    if (/^[\w$.]+\s*\[/.test(target)) continue;
    const names = /^[\w$.]+$/.test(target) ? [target] : (target.match(/[A-Za-z_$][\w$]*/g) ?? []);
    for (const name of names) {
      const known = given.get(name);
      if (known) known.push(right);
      else given.set(name, [right]);
    }
  }
  return given;
}

/** The variables an expression reads, and the paths that begin with one: `options`, `options.file`. */
function namesIn(expression: Node): string[] {
  const identifiers = expression.descendantsOfType(['identifier', 'shorthand_property_identifier']);
  return identifiers.slice(0, 60).flatMap((identifier) => {
    const { parent } = identifier;
    if (!parent) return [identifier.text];
    const field = memberFields[parent.type];
    if (field && parent.childForFieldName(field)?.id === identifier.id) return [];
    return /^[\w$.]{1,80}$/.test(parent.text) ? [identifier.text, parent.text] : [identifier.text];
  });
}

interface EnclosingFunction {
  readonly node: Node;
  readonly parameters: ReadonlySet<string>;
}

/** The functions around a node, the innermost first. Going up a tree is slow, so what was found is kept. */
function functionsOfTree(): { around(node: Node): readonly EnclosingFunction[] } {
  const chains = new Map<number, readonly EnclosingFunction[]>();
  const around = (node: Node): readonly EnclosingFunction[] => {
    const known = chains.get(node.id);
    if (known) return known;
    let current = node.parent;
    while (current && !isFunction(current)) current = current.parent;
    const chain = current ? [{ node: current, parameters: parametersOf(current) }, ...around(current)] : [];
    chains.set(node.id, chain);
    return chain;
  };
  return { around };
}

function parametersOf(definition: Node): ReadonlySet<string> {
  const parameters = definition.childForFieldName('parameters') ?? definition.childForFieldName('parameter');
  if (!parameters) return new Set();
  const names = parameters.descendantsOfType(['identifier', 'shorthand_property_identifier_pattern']);
  return new Set([parameters.text, ...names.map((name) => name.text)]);
}
