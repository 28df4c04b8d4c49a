/** Cutting a square out of a picture. */

/** The longest side that is sent: the server keeps no larger one. */
const SIDE = 1280

/** Which square: `zoom` from 1, where it is as large as it can be; `x` and `y` from 0 (left, top) to 1. */
export interface Cut {
  zoom: number
  x: number
  y: number
}

/** The square in the picture's pixels. */
export function square(width: number, height: number, { zoom, x, y }: Cut): { left: number; top: number; side: number } {
  const side = Math.min(width, height) / zoom
  return { left: (width - side) * x, top: (height - side) * y, side }
}

/** Draws the square, as large as the canvas is. */
export function draw(canvas: HTMLCanvasElement, picture: ImageBitmap, cut: Cut): void {
  const { left, top, side } = square(picture.width, picture.height, cut)
  const context = canvas.getContext('2d')
  if (!context) return
  context.imageSmoothingQuality = 'high'
  // JPEG knows nothing transparent.
  context.fillStyle = '#fff'
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.drawImage(picture, left, top, side, side, 0, 0, canvas.width, canvas.height)
}

/** The square as a JPEG. */
export function cutOut(picture: ImageBitmap, cut: Cut): Promise<Blob | null> {
  const canvas = document.createElement('canvas')
  const { side } = square(picture.width, picture.height, cut)
  canvas.width = canvas.height = Math.max(1, Math.min(SIDE, Math.round(side)))
  draw(canvas, picture, cut)
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.92))
}
