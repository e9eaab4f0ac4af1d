// Runs one Python text in the real MicroPython VM, with some files beside it.
//
// Started by tests/firmware/vm.py with one argument, a JSON object: files (path -> text)
// and code; what the code prints goes to standard output.

import { loadMicroPython } from '@micropython/micropython-webassembly-pyscript';

const { files, code } = JSON.parse(process.argv[2]);
const vm = await loadMicroPython({
  heapsize: 8 * 1024 * 1024,
  linebuffer: true,
  stdout: (line) => console.log(line),
});
for (const [name, text] of Object.entries(files)) vm.FS.writeFile(name, text);
vm.runPython(code);
