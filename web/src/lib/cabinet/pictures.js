// Pictures that a person chooses, made small enough to send.
const LONGEST = 2000; // pixels: enough for bars of a barcode, small enough for a phone's line

/** A chosen file as base64 JPEG, turned upright and not larger than needed. */
export async function encoded(file, longest = LONGEST) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => null);
  if (!picture) throw Object.assign(new Error("This browser can't read that picture. Choose a JPEG, PNG or WebP."), { field: "image" });
  const scale = Math.min(1, longest / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return canvas.toDataURL("image/jpeg", 0.9).split(",")[1];
}
