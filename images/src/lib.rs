//! Decoding and writing of uploaded pictures, by the rules of `domain::image`.
//!
//! Uploads are hostile: the decoders are written in safe Rust, what they may allocate is judged by
//! the header, and only pixels get into the output. No metadata of the file (EXIF with its position,
//! XMP, colour profiles, whatever follows the picture) is ever copied. libwebp, which is written in
//! C, only encodes what was decoded here.
//!
//! Everything here is computation, about 0.3 s for a large photo: call it off the runtime.

use std::io::Cursor;

use domain::image::{self as rules, Encoding, Format, MAX_BYTES, MAX_DECODED_BYTES, Size};
use domain::{Failure, Refused};
use fast_image_resize::Resizer;
use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::{DynamicImage, ExtendedColorType, ImageDecoder, ImageError, ImageFormat, Limits, Rgb, RgbImage};

/// The quality of JPEG files, of 100.
const JPEG_QUALITY: u8 = 82;

/// The quality of WebP files, of 100: at a glance the same as that of JPEG.
const WEBP_QUALITY: f32 = 78.0;

/// What was made of an uploaded picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The width of the largest file, in pixels, as a person sees it.
    pub width: u32,
    /// Its height.
    pub height: u32,
    /// The average colour, which stands in the picture's place until it is there.
    pub colour: [u8; 3],
    /// One for each size, smallest first, and in it for each encoding.
    pub files: Vec<Vec<u8>>,
}

/// A picture as PNG, of which a function says the colour at each column and row.
pub fn paint(
    width: u32,
    height: u32,
    mut colour: impl FnMut(u32, u32) -> [u8; 3],
) -> Result<Vec<u8>, Failure> {
    let painted = RgbImage::from_fn(width, height, |column, row| Rgb(colour(column, row)));
    let mut png = Cursor::new(Vec::new());
    painted.write_to(&mut png, ImageFormat::Png).map_err(Failure::fault)?;
    Ok(png.into_inner())
}

/// Makes the files of an uploaded picture. What is transparent becomes white.
pub fn make(upload: &[u8]) -> Result<Made, Failure> {
    if upload.len() > MAX_BYTES as usize {
        return Err(rules::too_large(MAX_BYTES / (1024 * 1024)).into());
    }
    let large = decode(upload)?;
    let (width, height) = large.dimensions();
    let mut files = Vec::with_capacity(Size::ALL.len() * Encoding::ALL.len());
    let mut colour = [0; 3];
    for size in Size::ALL {
        let (width, height) = size.of(width, height);
        let image = resized(DynamicImage::ImageRgb8(large.clone()), width, height)?.into_rgb8();
        if size == Size::Small {
            colour = average(&image);
        }
        for encoding in Encoding::ALL {
            files.push(encode(&image, encoding)?);
        }
    }
    Ok(Made { width, height, colour, files })
}

/// The picture in its largest size, upright and opaque.
fn decode(upload: &[u8]) -> Result<RgbImage, Failure> {
    let input = Cursor::new(upload);
    match Format::of(upload)? {
        Format::Jpeg => read(JpegDecoder::new(input).map_err(|error| refused(&error))?),
        Format::Png => {
            let limits = limits();
            let png = PngDecoder::with_limits(input, limits).map_err(|error| refused(&error))?;
            if png.is_apng().map_err(|error| refused(&error))? {
                Err(rules::animated().into())
            } else {
                read(png)
            }
        }
        Format::WebP => {
            let webp = WebPDecoder::new(input).map_err(|error| refused(&error))?;
            if webp.has_animation() { Err(rules::animated().into()) } else { read(webp) }
        }
    }
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    limits
}

fn read(mut decoder: impl ImageDecoder) -> Result<RgbImage, Failure> {
    let (width, height) = decoder.dimensions();
    rules::check_size(width, height, decoder.total_bytes())?;
    decoder.set_limits(limits()).map_err(|error| refused(&error))?;
    let orientation = decoder.orientation().map_err(|error| refused(&error))?;
    let decoded = DynamicImage::from_decoder(decoder).map_err(|error| refused(&error))?;
    // Both in eight bits; no copy is made of what has them.
    let decoded = if decoded.color().has_alpha() {
        DynamicImage::ImageRgba8(decoded.into_rgba8())
    } else {
        DynamicImage::ImageRgb8(decoded.into_rgb8())
    };
    let (width, height) = Size::Large.of(width, height);
    // Turned when it is small: the other way round needs the memory twice.
    let mut large = resized(decoded, width, height)?;
    large.apply_orientation(orientation);
    Ok(opaque(large))
}

fn resized(image: DynamicImage, width: u32, height: u32) -> Result<DynamicImage, Failure> {
    if (image.width(), image.height()) == (width, height) {
        return Ok(image);
    }
    let mut small = DynamicImage::new(width, height, image.color());
    Resizer::new().resize(&image, &mut small, None).map_err(Failure::fault)?;
    Ok(small)
}

fn opaque(image: DynamicImage) -> RgbImage {
    let DynamicImage::ImageRgba8(image) = image else { return image.into_rgb8() };
    let mut opaque = RgbImage::new(image.width(), image.height());
    for (to, from) in opaque.pixels_mut().zip(image.pixels()) {
        let [red, green, blue, alpha] = from.0.map(u16::from);
        to.0 = [red, green, blue].map(|channel| over_white(channel, alpha));
    }
    opaque
}

fn over_white(channel: u16, alpha: u16) -> u8 {
    u8::try_from((channel * alpha + 255 * (255 - alpha) + 127) / 255).unwrap_or(u8::MAX)
}

fn average(image: &RgbImage) -> [u8; 3] {
    let pixels = u64::from(image.width()) * u64::from(image.height());
    let sums = image.pixels().fold([0; 3], |sums: [u64; 3], pixel| {
        std::array::from_fn(|channel| sums[channel] + u64::from(pixel.0[channel]))
    });
    sums.map(|sum| u8::try_from(sum / pixels.max(1)).unwrap_or(u8::MAX))
}

fn encode(image: &RgbImage, encoding: Encoding) -> Result<Vec<u8>, Failure> {
    let (width, height) = image.dimensions();
    match encoding {
        Encoding::WebP => {
            let encoded = webp::Encoder::from_rgb(image, width, height).encode_simple(false, WEBP_QUALITY);
            Ok(encoded.map_err(|error| Failure::fault(format!("libwebp: {error:?}")))?.to_vec())
        }
        Encoding::Jpeg => {
            let mut bytes = Vec::new();
            let mut encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
            encoder.encode(image, width, height, ExtendedColorType::Rgb8).map_err(Failure::fault)?;
            Ok(bytes)
        }
    }
}

/// What a decoder says, in our words. Its own are kept in the log only.
fn refused(error: &ImageError) -> Refused {
    tracing::debug!(%error, "a picture cannot be decoded");
    match error {
        ImageError::Limits(_) => rules::too_many_pixels(rules::MAX_PIXELS / 1_000_000),
        _ => rules::broken(),
    }
}
