// Bundles web/src into web/static/dist: every src/*.js that is a page, plus app.css.
// Names stay plain (the pages add ?v=hash); what pages share becomes chunk-<hash>.js.
import { context, build } from "esbuild";
import { readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const source = join(here, "src");
const entryPoints = readdirSync(source)
  .filter((name) => /\.(js|css)$/.test(name))
  .map((name) => join(source, name));

const options = {
  entryPoints,
  outdir: join(here, "static", "dist"),
  bundle: true,
  splitting: true,
  format: "esm",
  minify: true,
  target: ["chrome120", "firefox115", "safari16"],
  loader: { ".svg": "dataurl" },
  chunkNames: "chunk-[hash]",
  external: ["/static/*"],
  legalComments: "eof",
  logLevel: "warning",
};

if (process.argv.includes("--watch")) {
  await (await context({ ...options, sourcemap: true, logLevel: "info" })).watch();
} else {
  rmSync(options.outdir, { recursive: true, force: true });
  await build(options);
}
