/** File names and extensions, in lower case, to VS Code language ids. */
const byExtension: Readonly<Record<string, string>> = {
  ts: 'typescript',
  mts: 'typescript',
  cts: 'typescript',
  tsx: 'typescriptreact',
  js: 'javascript',
  mjs: 'javascript',
  cjs: 'javascript',
  es6: 'javascript',
  jsx: 'javascriptreact',
  py: 'python',
  pyi: 'python',
  pyw: 'python',
  go: 'go',
  java: 'java',
  kt: 'kotlin',
  kts: 'kotlin',
  scala: 'scala',
  sc: 'scala',
  groovy: 'groovy',
  gradle: 'groovy',
  cs: 'csharp',
  csx: 'csharp',
  fs: 'fsharp',
  fsx: 'fsharp',
  vb: 'vb',
  c: 'c',
  h: 'c',
  cc: 'cpp',
  cpp: 'cpp',
  cxx: 'cpp',
  hh: 'cpp',
  hpp: 'cpp',
  hxx: 'cpp',
  m: 'objective-c',
  mm: 'objective-cpp',
  rs: 'rust',
  rb: 'ruby',
  rake: 'ruby',
  gemspec: 'ruby',
  php: 'php',
  swift: 'swift',
  dart: 'dart',
  lua: 'lua',
  pl: 'perl',
  pm: 'perl',
  r: 'r',
  jl: 'julia',
  clj: 'clojure',
  cljs: 'clojure',
  ex: 'elixir',
  exs: 'elixir',
  erl: 'erlang',
  hs: 'haskell',
  ml: 'ocaml',
  mli: 'ocaml',
  zig: 'zig',
  sol: 'solidity',
  sh: 'shellscript',
  bash: 'shellscript',
  zsh: 'shellscript',
  ps1: 'powershell',
  psm1: 'powershell',
  bat: 'bat',
  cmd: 'bat',
  sql: 'sql',
  html: 'html',
  htm: 'html',
  vue: 'vue',
  svelte: 'svelte',
  css: 'css',
  scss: 'scss',
  sass: 'sass',
  less: 'less',
  json: 'json',
  jsonc: 'jsonc',
  yaml: 'yaml',
  yml: 'yaml',
  toml: 'toml',
  ini: 'ini',
  properties: 'properties',
  xml: 'xml',
  md: 'markdown',
  markdown: 'markdown',
  mdx: 'mdx',
  rst: 'restructuredtext',
  tex: 'latex',
  proto: 'proto3',
  graphql: 'graphql',
  gql: 'graphql',
  tf: 'terraform',
  hcl: 'hcl',
  dockerfile: 'dockerfile',
  cmake: 'cmake',
  mk: 'makefile',
};

const byName: Readonly<Record<string, string>> = {
  dockerfile: 'dockerfile',
  containerfile: 'dockerfile',
  makefile: 'makefile',
  gnumakefile: 'makefile',
  'cmakelists.txt': 'cmake',
  rakefile: 'ruby',
  gemfile: 'ruby',
  vagrantfile: 'ruby',
  jenkinsfile: 'groovy',
  'go.mod': 'go.mod',
  'tsconfig.json': 'jsonc',
  'jsconfig.json': 'jsonc',
  '.bashrc': 'shellscript',
  '.zshrc': 'shellscript',
  '.gitignore': 'ignore',
  '.dockerignore': 'ignore',
};

/** The VS Code language id of a file; `plaintext` when nothing fits. Takes any path, either separator. */
export function languageOf(path: string): string {
  const name = (path.split(/[\\/]/).at(-1) ?? '').toLowerCase();
  const own = lookUp(byName, name);
  if (own) return own;
  if (name.startsWith('dockerfile.')) return 'dockerfile';
  const dot = name.lastIndexOf('.');
  return (dot === -1 ? undefined : lookUp(byExtension, name.slice(dot + 1))) ?? 'plaintext';
}

const fences: Readonly<Record<string, string>> = {
  typescriptreact: 'tsx',
  javascriptreact: 'jsx',
  shellscript: 'bash',
  'objective-c': 'objectivec',
  'objective-cpp': 'objectivecpp',
  proto3: 'protobuf',
  'go.mod': 'go',
  plaintext: 'text',
};

/** What stands after the three backticks of a Markdown code block in this language. */
export function fenceName(language: string): string {
  return lookUp(fences, language) ?? (/^[a-z0-9#+.-]{1,30}$/.test(language) ? language : 'text');
}

/** Names such as `constructor` come from outside, so only own entries count. */
function lookUp(table: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
