/** Reads a JSON object while it is being written, and hands out the items of one of its lists as they are completed. */
export interface ListScanner {
  /** The JSON texts of the list's items that end in this piece. */
  scan(piece: string): string[];
  readonly foundList: boolean;
  /** In the list, and no item has been begun and not ended. */
  readonly betweenItems: boolean;
  /** The list was closed. */
  readonly ended: boolean;
  /** What would close all that is still open, were the text to break off here. */
  readonly closing: string;
}

/** Follows strings and brackets to the list under a key of the outermost object. */
export function createListScanner(listKey: string): ListScanner {
  const open: string[] = [];
  let inString = false;
  let escaped = false;
  let word = '';
  let key = '';
  let item = '';
  let listDepth = 0;
  let ended = false;

  const step = (character: string, items: string[]) => {
    const inItem = listDepth > 0 && open.length > listDepth;
    if (inItem || (listDepth > 0 && character === '{')) item += character;
    if (inString) {
      if (escaped) escaped = false;
      else if (character === '\\') escaped = true;
      else if (character === '"') inString = false;
      if (inString && !inItem && word.length < 64) word += character;
      return;
    }
    if (character === '"') {
      inString = true;
      word = '';
    } else if (character === ':' && open.length === 1) {
      key = word;
    } else if (character === '{' || character === '[') {
      open.push(character);
      if (character === '[' && key === listKey && open.length === 2 && listDepth === 0) listDepth = 2;
    } else if (character === '}' || character === ']') {
      open.pop();
      if (listDepth > 0 && open.length === listDepth && item !== '') {
        items.push(item);
        item = '';
      } else if (listDepth > 0 && open.length < listDepth) {
        ended = true;
      }
    }
  };
  return {
    get foundList() {
      return listDepth > 0;
    },
    get betweenItems() {
      return listDepth > 0 && item === '';
    },
    get ended() {
      return ended;
    },
    get closing() {
      const brackets = open.map((bracket) => (bracket === '{' ? '}' : ']')).reverse();
      return `${escaped ? '\\' : ''}${inString ? '"' : ''}${brackets.join('')}`;
    },
    scan(piece) {
      const items: string[] = [];
      for (const character of piece) {
        if (ended) break;
        step(character, items);
      }
      return items;
    },
  };
}
