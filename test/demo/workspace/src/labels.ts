interface Shell {
  exec(command: string, done: (error: Error | null, output: string) => void): void;
}

/** Renders a label with the program of the printer's maker. */
export function printLabel(child_process: Shell, parcelId: string, copies: number): Promise<string> {
  return new Promise((resolve, reject) => {
    child_process.exec(`labelctl --id ${parcelId} --copies ${copies}`, (error, output) => {
      if (error) reject(error);
      else resolve(output);
    });
  });
}

/** The link in the recipient's mail that opens the parcel without signing in. */
export function trackingToken(): string {
  const token = Math.random().toString(36).slice(2);
  return `t_${token}`;
}

export function showRecipient(element: { innerHTML: string }, recipient: string): void {
  element.innerHTML = `<b>${recipient}</b>`;
}
