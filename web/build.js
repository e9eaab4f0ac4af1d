// Bundles web/src into web/static/dist: every src/*.js that is a page, plus app.css.
// Names stay plain (the pages add ?v=hash); what pages share becomes chunk-<hash>.js.
// The fonts of PDF reports go to web/fonts, of each the one weight that is used, with its licence.
import { context, build } from "esbuild";
import { copyFileSync, mkdirSync, readdirSync, rmSync } from "node:fs";
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

const SCRIPTS = [
  "arabic", "armenian", "bengali", "devanagari", "ethiopic", "georgian", "gujarati", "gurmukhi", "hebrew",
  "kannada", "khmer", "lao", "malayalam", "myanmar", "sinhala", "tamil", "telugu", "thai",
];

/** Letters of most scripts, of Chinese with Japanese kana, of Korean; small ones come as WOFF. */
function copyFonts() {
  const modules = join(here, "node_modules");
  const fonts = join(here, "fonts");
  const take = (name, path, licence) => {
    copyFileSync(join(modules, path), join(fonts, name));
    copyFileSync(join(modules, licence), join(fonts, `${name.replace(/\.\w+$/, "")}-OFL.txt`));
  };
  rmSync(fonts, { recursive: true, force: true });
  mkdirSync(fonts);
  for (const [family, file, weight, name] of [
    ["noto-sans", "NotoSans", "400Regular", "sans"], ["noto-sans", "NotoSans", "700Bold", "sans-bold"],
    ["noto-sans-sc", "NotoSansSC", "400Regular", "sc"], ["noto-sans-kr", "NotoSansKR", "400Regular", "kr"],
  ]) {
    const from = `@expo-google-fonts/${family}`;
    take(`${name}.ttf`, `${from}/${weight}/${file}_${weight}.ttf`, `${from}/LICENSE_FONT`);
  }
  for (const script of SCRIPTS) {
    const from = `@fontsource/noto-sans-${script}`;
    take(`${script}.woff`, `${from}/files/noto-sans-${script}-${script}-400-normal.woff`, `${from}/LICENSE`);
  }
}

if (process.argv.includes("--watch")) {
  await (await context({ ...options, sourcemap: true, logLevel: "info" })).watch();
} else {
  rmSync(options.outdir, { recursive: true, force: true });
  await build(options);
  copyFonts();
}
