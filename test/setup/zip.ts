/** The names of the files in a zip archive, in the archive's order. Throws when the bytes are no such archive. */
export function zipEntries(archive: Buffer): string[] {
  // The end record is the last thing in the file; only a comment of the archive may follow it.
  const end = archive.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  if (end < 0) throw new Error('This is not a zip archive.');
  const count = archive.readUInt16LE(end + 10);
  let at = archive.readUInt32LE(end + 16);
  return Array.from({ length: count }, () => {
    if (archive.readUInt32LE(at) !== 0x02014b50) throw new Error('The directory of the zip archive is damaged.');
    const lengths = [28, 30, 32].map((offset) => archive.readUInt16LE(at + offset));
    const [name = 0, extra = 0, comment = 0] = lengths;
    const entry = archive.toString('utf8', at + 46, at + 46 + name);
    at += 46 + name + extra + comment;
    return entry;
  });
}
