/**
 * Files that are never read, whatever a setting, an ignore file, a task or a person's command says: they exist to
 * hold secrets. In code, so that no workspace can switch it off.
 */
const secrets = 'kept back: may hold secrets';
const repository = 'kept back: internal files of a repository';

/** Any segment of the path, the last one included; all begin with a dot. */
const folders: readonly [RegExp, string][] = [
  [/^\.(git|hg|svn|jj|bzr)$/, repository],
  [/^\.(aws|ssh|gnupg|kube|azure|gcloud|terraform|password-store|vault)$/, secrets],
  [/^\.env/, secrets],
];

/** The last segment. */
const files: readonly RegExp[] = [
  /\.env$/,
  /\.(pem|key|p8|p12|pfx|pkcs12|ppk|jks|keystore|bks|kdbx?|kubeconfig|keychain(-db)?|gpg|pgp|ovpn|mobileprovision)$/,
  /\.tfstate(\.[^/]*)?$/,
  /\.tfvars(\.json)?$/,
  /^id_(rsa|dsa|ecdsa|ed25519|xmss)([-_.].*)?$/,
  /^(ssh_host_.*_key|authorized_keys|known_hosts|identity)$/,
  /^\.(npmrc|yarnrc|pypirc|netrc|pgpass|my\.cnf|boto|s3cfg|htpasswd|htdigest|dockercfg|git-credentials|gitcredentials|terraformrc|vault-token|vault_pass|databrickscfg|snowsql|gem-credentials)$/,
  /^(_netrc|terraform\.rc|kubeconfig|credentials|gradle\.properties\.local)$/,
  /^kubeconfig[-_.]/,
  /^(secrets?|credentials?|passwords?)\.(ya?ml|json|toml|ini|properties|txt|csv|xml)$/,
  /^secrets?\.[^.]+\.ya?ml$/,
  /^(.*[-_.])?service[-_]?account.*\.json$/,
  /^(application_default_credentials|client_secrets?([-_.].*)?)\.json$/,
  /^(master|credentials\.yml)\.(key|enc)$/,
];

/** The end of the path. */
const places: readonly RegExp[] = [/(^|\/)\.docker\/config\.json$/, /(^|\/)\.config\/(gh|gcloud|hub)(\/|$)/];

const anyFile = new RegExp(files.map(({ source }) => source).join('|'));

/** Made to be shared: the same name with nothing in it. */
const harmless = /^\.env[^/]*[._-](example|sample|template|dist)$|^id_[^/]*\.pub$/;

/** Why a file of this path is never read; undefined when it may be. Separators are `/`; case never counts. */
export function deniedReason(path: string): string | undefined {
  const segments = path.split('/').map(plain);
  const last = segments.length - 1;
  for (const [index, segment] of segments.entries()) {
    if (!segment.startsWith('.') || (index === last && harmless.test(segment))) continue;
    for (const [pattern, reason] of folders) if (pattern.test(segment)) return reason;
  }
  const name = segments[last] ?? '';
  if (anyFile.test(name) && !harmless.test(name)) return secrets;
  const whole = segments.join('/');
  return places.some((pattern) => pattern.test(whole)) ? secrets : undefined;
}

/** A key file of a cloud account can have any name; its shape gives it away. */
export function deniedContent(path: string, text: string): string | undefined {
  if (!/\.json$/i.test(path)) return undefined;
  const isAccount = /"type"\s*:\s*"(service_account|authorized_user|external_account)"/.test(text);
  return isAccount && /"(private_key|refresh_token|client_secret)"\s*:/.test(text) ? secrets : undefined;
}

/** File systems take several spellings for one name: other case, invisible characters, trailing dots and spaces. */
function plain(segment: string): string {
  if (/^[\w$@+~-]*(?:\.[\w$@+~-]+)*$/.test(segment)) return segment.toLowerCase();
  const folded = segment.normalize('NFKC').replace(/\p{Default_Ignorable_Code_Point}/gu, '');
  return folded
    .toLowerCase()
    .replace(/:.*$/, '')
    .replace(/[. ]+$/, '');
}
