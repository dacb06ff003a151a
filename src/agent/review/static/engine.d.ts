// Two things no package declares: the half of @ast-grep/wasm that loads without a bundler's help for .wasm files, and
// the little of WebAssembly that loading it takes (TypeScript has it only in the library of browsers).

declare module '@ast-grep/wasm/wasm_bg.js' {
  export * from '@ast-grep/wasm';
  export function __wbg_set_wasm(exports: Readonly<Record<string, unknown>>): void;
}

declare namespace WebAssembly {
  interface Module {
    readonly [Symbol.toStringTag]: string;
  }
  interface Instance {
    readonly exports: Readonly<Record<string, unknown>>;
  }
  function compile(bytes: Uint8Array): Promise<Module>;
  function instantiate(module: Module, imports: object): Promise<Instance>;
}
