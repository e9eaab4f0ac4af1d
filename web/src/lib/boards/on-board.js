// What is run on the board itself: small texts of Python, and how their answers are read.
import { Fault } from "./faults.js";
import { Raised } from "./raw-repl.js";

/** Of a file in one text of code; a board has little memory. */
export const CHUNK = 1536;
const NO_SPACE = /ENOSPC|OSError: (?:\[Errno )?28\b/;

// Names begin with _b so that nothing of a program is hit. A watchdog that a program has armed
// can't be stopped, only told to wait longer: else it starts the board in the middle of this.
export const HELPERS = `
import os,sys,gc,hashlib
from binascii import hexlify,a2b_base64
if 'common.watchdog' in sys.modules:
 try:
  import machine
  machine.WDT(timeout=600000)
 except Exception:
  pass
def _bd(p):
 try:
  f=open(p,'rb')
 except OSError:
  return ''
 h=hashlib.sha256()
 b=bytearray(512)
 m=memoryview(b)
 with f:
  while True:
   n=f.readinto(b)
   if not n:
    break
   h.update(m[:n])
 return hexlify(h.digest()).decode()
def _bw(p):
 try:
  for e in os.listdir(p):
   q=p+'/'+e
   if os.stat(q)[0]&0x4000:
    _bw(q)
   else:
    print(q,_bd(q))
 except OSError:
  pass
def _bt(p):
 try:
  with open(p) as f:
   return f.read(64).strip()
 except OSError:
  return ''
def _br(p):
 try:
  os.remove(p)
 except OSError:
  pass
gc.collect()
`;

const LOOK = `
s=os.statvfs('/')
i=sys.implementation
print(i.name)
print('.'.join(str(n) for n in i.version[:3]))
print(getattr(i,'_mpy',0)&255)
print(getattr(i,'_machine',sys.platform))
print(s[0]*s[3])
print(_bt('/slot'))
`;

/** A text as Python's literal: JSON's is one, for the letters that occur in paths. */
export const literal = (text) => JSON.stringify(text);

/** Run code on the board; a full flash is a Fault of its own, any other error one too. */
export async function tell(repl, code, ms) {
  try {
    return await repl.run(code, ms);
  } catch (error) {
    if (!(error instanceof Raised)) throw error;
    if (NO_SPACE.test(error.message)) throw new Fault("full");
    throw new Fault("python", `It says: ${error.message}`);
  }
}

/** What the board is: {version, mpy, machine, free bytes, slot}; its helpers are there after this. */
export async function look(repl) {
  await tell(repl, HELPERS);
  const [name, version, mpy, machine, free, slot] = (await tell(repl, LOOK)).split("\n").map((line) => line.trim());
  const [major, minor] = version.split(".").map(Number);
  if (name !== "micropython" || major < 1 || (major === 1 && minor < 20)) throw new Fault("old", `It is ${name} ${version}.`);
  return { version, mpy: Number(mpy), machine, free: Number(free), slot: slot === "a" || slot === "b" ? slot : "" };
}

/** SHA-256 of every file below a folder, by its path. */
export async function digestsBelow(repl, folder) {
  return readDigests(await tell(repl, `_bw(${literal(folder)})`, 60000));
}

/** SHA-256 of these files by their paths; "" for one that is not there. */
export async function digestsOf(repl, paths) {
  return readDigests(await tell(repl, paths.map((path) => `print(${literal(path)},_bd(${literal(path)}))`).join("\n"), 60000));
}

function readDigests(text) {
  const pairs = text.split("\n").map((line) => line.trim()).filter(Boolean).map((line) => line.split(" "));
  return new Map(pairs.map(([path, digest]) => [path, digest ?? ""]));
}

/** Write a file and check it; `progress(bytes)` after each piece. */
export async function put(repl, path, bytes, digest, progress = () => {}) {
  await tell(repl, `${folders(path)}_bf=open(${literal(path)},'wb')`);
  for (let at = 0; at < bytes.length; at += CHUNK) {
    const piece = bytes.subarray(at, at + CHUNK);
    await tell(repl, `_bn=_bf.write(a2b_base64(b'${base64(piece)}'))`);
    progress(piece.length);
  }
  const found = (await tell(repl, `_bf.close()\nprint(_bd(${literal(path)}))`, 30000)).trim();
  if (found !== digest) throw new Fault("verify", `It was ${path}.`);
}

/** Write it beside, check it, and only then let it take the place. */
export async function replace(repl, path, bytes, digest, progress) {
  const fresh = `${path}.new`;
  await put(repl, fresh, bytes, digest, progress);
  // FAT does not rename over a file that is there
  await tell(repl, `try:\n os.rename(${literal(fresh)},${literal(path)})\nexcept OSError:\n _br(${literal(path)})\n os.rename(${literal(fresh)},${literal(path)})`);
}

/** Be without these files. */
export async function remove(repl, paths) {
  if (paths.length) await tell(repl, paths.map((path) => `_br(${literal(path)})`).join("\n"), 30000);
}

function folders(path) {
  const names = path.split("/").slice(1, -1);
  return names.map((_, index) => `try:\n os.mkdir(${literal(`/${names.slice(0, index + 1).join("/")}`)})\nexcept OSError:\n pass\n`).join("");
}

function base64(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** SHA-256 in hex; for pages on https:// or localhost, as all of this is. */
export async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
