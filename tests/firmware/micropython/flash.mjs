// The board's file system in memory, and what is told of each change in it.
//
// watch() calls on.changed(what, path, ...) after every change that a power failure could
// fall behind: create (or cut to nothing), write (position, bytes), unlink, rename, mkdir
// and rmdir. mirror() uses it to keep a folder of ours equal to the board's flash.

import fs from 'node:fs';
import path from 'node:path';

const CREATE = 0o100;
const TRUNCATE = 0o1000;
// These are the machine's, not the flash's.
const ELSEWHERE = /^\/(fakes|frames|dev|proc|tmp|home|lib|outbox)(\/|$)/;

export const onFlash = (target) => !ELSEWHERE.test(target);

export function watch(vm, inside, on) {
  const { FS } = vm;
  const { open, write, unlink, rename, mkdir, rmdir } = FS;
  const whole = (target) => path.posix.resolve(FS.cwd(), target);
  const told = (target, ...more) => {
    if (inside(target)) on.changed(...more.slice(0, 1), target, ...more.slice(1));
  };
  FS.open = (target, flags, mode) => {
    const named = typeof target === 'string' ? whole(target) : null;
    const fresh = named !== null && (flags & (CREATE | TRUNCATE)) !== 0
      && ((flags & TRUNCATE) !== 0 || !FS.analyzePath(named).exists);
    const stream = open(target, flags, mode);
    if (fresh) told(named, 'create');
    return stream;
  };
  FS.write = (stream, buffer, offset, length, position, canOwn) => {
    if (stream.path && inside(stream.path) && on.writes) on.writes(stream.path, length);
    const at = position ?? ((stream.flags & 0o2000) ? stream.node.usedBytes ?? 0 : stream.position);
    const count = write(stream, buffer, offset, length, position, canOwn);
    if (stream.path && count) {
      told(stream.path, 'write', at, Buffer.from(buffer.subarray(offset, offset + count)));
    }
    return count;
  };
  FS.unlink = (target) => { const named = whole(target); unlink(target); told(named, 'unlink'); };
  FS.rmdir = (target) => { const named = whole(target); rmdir(target); told(named, 'rmdir'); };
  FS.mkdir = (target, mode) => {
    const named = whole(target);
    const node = mkdir(target, mode);
    told(named, 'mkdir');
    return node;
  };
  FS.rename = (from, to) => {
    const [before, after] = [whole(from), whole(to)];
    rename(from, to);
    told(before, 'rename', after);
  };
}

// A folder of ours is the board's flash, change by change; what is in it is there at power-on.
export function mirror(vm, folder, inside = onFlash, top = '/') {
  const ours = (target) => path.join(folder, path.posix.relative(top, target));
  watch(vm, inside, {
    changed(what, target, ...more) {
      if (what === 'create') fs.writeFileSync(ours(target), '');
      else if (what === 'write') put(ours(target), ...more);
      else if (what === 'unlink') fs.rmSync(ours(target), { force: true });
      else if (what === 'rmdir') fs.rmdirSync(ours(target));
      else if (what === 'mkdir') fs.mkdirSync(ours(target), { recursive: true });
      else if (what === 'rename') fs.renameSync(ours(target), ours(more[0]));
    },
  });
}

function put(target, at, bytes) {
  const file = fs.openSync(target, 'r+');
  fs.writeSync(file, bytes, 0, bytes.length, at);
  fs.closeSync(file);
}

// Copy a folder of ours into the VM; what Python leaves beside its sources is left out.
export function copy(vm, from, to) {
  if (!vm.FS.analyzePath(to).exists) vm.FS.mkdir(to);
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const source = path.join(from, entry.name);
    const target = to === '/' ? `/${entry.name}` : `${to}/${entry.name}`;
    if (entry.name === '__pycache__') continue;
    if (entry.isDirectory()) copy(vm, source, target);
    else vm.FS.writeFile(target, fs.readFileSync(source));
  }
}
