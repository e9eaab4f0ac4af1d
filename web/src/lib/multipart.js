// Bytes of a multipart/x-mixed-replace stream in, whole parts out. No DOM here: Node tests run it.
const HEAD_END = [13, 10, 13, 10];
const MAX_HEAD = 4096;
const MAX_BODY = 16 * 1024 * 1024;

export class PartReader {
  #buffer = new Uint8Array(64 * 1024);
  #start = 0;
  #end = 0;
  #searched = 0; // where to look on for the end of a head, so that no byte is looked at twice
  #headers = null;

  /** All parts that `chunk` completes: [{headers: {lower-case name: value}, body: Uint8Array}]. */
  receive(chunk) {
    this.#append(chunk);
    const parts = [];
    for (let part = this.#next(); part; part = this.#next()) parts.push(part);
    return parts;
  }

  #append(chunk) {
    if (this.#end + chunk.length > this.#buffer.length) this.#makeRoom(chunk.length);
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  #makeRoom(more) {
    const held = this.#end - this.#start;
    const size = Math.max(this.#buffer.length, 2 ** Math.ceil(Math.log2(held + more)));
    const target = size > this.#buffer.length ? new Uint8Array(size) : this.#buffer;
    target.set(this.#buffer.subarray(this.#start, this.#end));
    this.#buffer = target;
    this.#searched = Math.max(0, this.#searched - this.#start);
    this.#start = 0;
    this.#end = held;
  }

  #next() {
    this.#headers ??= this.#head();
    if (!this.#headers) return null;
    const length = bodyLength(this.#headers);
    if (this.#end - this.#start < length) return null;
    const body = this.#buffer.slice(this.#start, this.#start + length);
    const part = { headers: this.#headers, body };
    this.#start += length;
    this.#searched = this.#start;
    this.#headers = null;
    return part;
  }

  #head() {
    const buffer = this.#buffer;
    for (let at = Math.max(this.#start, this.#searched); at + 3 < this.#end; at += 1) {
      if (HEAD_END.every((byte, i) => buffer[at + i] === byte)) {
        const text = new TextDecoder().decode(buffer.subarray(this.#start, at));
        this.#start = at + 4;
        return parseHead(text);
      }
    }
    this.#searched = Math.max(this.#start, this.#end - 3);
    if (this.#end - this.#start > MAX_HEAD) throw new Error("a part's head is too long");
    return null;
  }
}

/** Header lines by lower-case name; the boundary and empty lines before them are passed over. */
export function parseHead(text) {
  const headers = {};
  for (const line of text.split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon > 0 && !line.startsWith("--")) {
      headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
    }
  }
  return headers;
}

function bodyLength(headers) {
  const length = /^\d+$/.test(headers["content-length"]) ? Number(headers["content-length"]) : Infinity;
  if (length > MAX_BODY) {
    throw new Error("a part without a usable Content-Length");
  }
  return length;
}
