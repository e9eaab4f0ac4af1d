// A board (vm_port.mjs) behind standard input and output, for a page whose cable ends in a test.
//
// A line in is bytes for the board in base64; the line out is {said, resets}. The line "dump" is
// answered by {files}: every file on the board in base64.
import readline from 'node:readline';
import { VmPort } from './vm_port.mjs';

const port = await new VmPort().power();
await port.open();
const writer = port.writable.getWriter();
let said = [];

(async () => {
  for await (const bytes of port.readable) said.push(Buffer.from(bytes));
})();

for await (const line of readline.createInterface({ input: process.stdin })) {
  if (line === 'dump') {
    const files = Object.entries(port.dump()).map(([name, data]) => [name, Buffer.from(data).toString('base64')]);
    console.log(JSON.stringify({ files: Object.fromEntries(files) }));
    continue;
  }
  if (line) await writer.write(new Uint8Array(Buffer.from(line, 'base64')));
  await new Promise(setImmediate);
  console.log(JSON.stringify({ said: Buffer.concat(said).toString('base64'), resets: port.resets }));
  said = [];
}
