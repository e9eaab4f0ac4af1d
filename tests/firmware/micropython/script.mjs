// Runs one Python text in the real MicroPython VM, with some files beside it.
//
// Started by tests/firmware/vm.py with a JSON object on standard input: files (path -> text)
// and code; what the code prints goes to standard output.

import fs from 'node:fs';
import path from 'node:path';
import { loadMicroPython } from '@micropython/micropython-webassembly-pyscript';

const { files, code } = JSON.parse(fs.readFileSync(0, 'utf8'));
const vm = await loadMicroPython({
  heapsize: 8 * 1024 * 1024,
  linebuffer: true,
  stdout: (line) => console.log(line),
});
for (const [name, text] of Object.entries(files)) {
  vm.FS.mkdirTree(path.posix.dirname(path.posix.resolve('/', name)));
  vm.FS.writeFile(name, text);
}
vm.runPython(code);
