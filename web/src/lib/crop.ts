/** Cutting a part of given proportions out of a picture. */

/** The longest side that is sent: the server keeps no larger one. */
const SIDE = 1280

/**
 * Which part: `ratio` is its width by its height, `zoom` from 1, where it is as large as it can be;
 * `x` and `y` from 0 (left, top) to 1.
 */
export interface Cut {
  ratio: number
  zoom: number
  x: number
  y: number
}

/** A file as a picture; `null` if this browser cannot read it. */
export function readable(file: Blob): Promise<ImageBitmap | null> {
  return createImageBitmap(file).catch(() => null)
}

/** The part in the picture's pixels. */
export function part(width: number, height: number, { ratio, zoom, x, y }: Cut) {
  const across = Math.min(width, height * ratio) / zoom
  const down = across / ratio
  return { left: (width - across) * x, top: (height - down) * y, width: across, height: down }
}

/** Draws the part, as large as the canvas is. */
export function draw(canvas: HTMLCanvasElement, picture: ImageBitmap, cut: Cut): void {
  const { left, top, width, height } = part(picture.width, picture.height, cut)
  const context = canvas.getContext('2d')
  if (!context) return
  context.imageSmoothingQuality = 'high'
  // JPEG knows nothing transparent.
  context.fillStyle = '#fff'
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.drawImage(picture, left, top, width, height, 0, 0, canvas.width, canvas.height)
}

/** The part as a JPEG. */
export function cutOut(picture: ImageBitmap, cut: Cut): Promise<Blob | null> {
  const canvas = document.createElement('canvas')
  const { width, height } = part(picture.width, picture.height, cut)
  const shrink = Math.min(1, SIDE / Math.max(width, height))
  canvas.width = Math.max(1, Math.round(width * shrink))
  canvas.height = Math.max(1, Math.round(height * shrink))
  draw(canvas, picture, cut)
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.92))
}
