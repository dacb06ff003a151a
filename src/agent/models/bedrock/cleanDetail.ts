const longest = 500;

/**
 * A message from outside, made fit for the log: one line, bounded, and without anything that could be a key.
 * AWS echoes the signed headers, session token included, when it rejects a signature.
 */
export function cleanDetail(message: string, secrets: readonly string[]): string {
  let text = message.slice(0, 20_000);
  for (const secret of secrets) if (secret !== '') text = text.replaceAll(secret, '[key]');
  return (
    text
      .replace(/The Canonical String[\s\S]*$/i, '')
      .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
      .replace(/\b(PROXY|HTTPS?|SOCKS[45]?) +[^\s@;]+@/gi, '$1 [key]@')
      .replace(/\b(AKIA|ASIA)[A-Z0-9]{12,}/g, '[key]')
      .replace(/\b(Bearer|x-amz-security-token:?)\s+\S+|x-amz-security-token:\S+/gi, '[key]')
      // No name, id or ARN segment is that long.
      .replace(/[A-Za-z0-9+/=_-]{80,}/g, '[long text]')
      .trim()
      .slice(0, longest)
  );
}
