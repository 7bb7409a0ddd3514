/** Where the pieces of a container's output go. */
export interface DockerOutput {
  readonly onStdout: (chunk: Uint8Array) => void;
  readonly onStderr: (chunk: Uint8Array) => void;
}

/** Stream (1 is standard output, 2 standard error), three zeros, and the length, big-endian. */
const headerBytes = 8;

/**
 * Takes apart what Docker sends of a container without a terminal: both outputs in one stream, in
 * frames (Engine API, "Attach to a container", stream format). A frame may come in any number of
 * chunks, and is handed on as it comes.
 */
export function createFrameReader({ onStdout, onStderr }: DockerOutput): (chunk: Buffer) => void {
  let header = Buffer.alloc(0);
  let left = 0;
  let stream = 0;
  return (chunk) => {
    let rest = chunk;
    while (rest.length > 0) {
      if (left === 0) {
        const taken = rest.subarray(0, headerBytes - header.length);
        header = Buffer.concat([header, taken]);
        rest = rest.subarray(taken.length);
        if (header.length < headerBytes) return;
        stream = header.readUInt8(0);
        left = header.readUInt32BE(4);
        header = Buffer.alloc(0);
        continue;
      }
      const part = rest.subarray(0, left);
      if (stream === 1) onStdout(part);
      else if (stream === 2) onStderr(part);
      left -= part.length;
      rest = rest.subarray(part.length);
    }
  };
}
