import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** The key that the mesh server of the journey takes. */
export const journeyKey = 'the-key-of-the-journey';

/** Credentials that the Bedrock double knows. */
export const awsEnvironment = {
  AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  AWS_SESSION_TOKEN: '',
};

/**
 * What the editor's server process has in its environment: a mesh server's address and key, and AWS credentials. The
 * extension reads the address before the suite can start a server, so the port is chosen here.
 */
export async function journeyEnvironment(): Promise<Record<string, string>> {
  return {
    ...awsEnvironment,
    MCP_SERVER_URL: `ws://127.0.0.1:${await quietPort()}/ws`,
    MCP_API_KEY: journeyKey,
  };
}

/** A free port of those that systems do not give to outgoing connections, so that it stays free. */
export async function quietPort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 30_000);
    const isFree = await new Promise<boolean>((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}
