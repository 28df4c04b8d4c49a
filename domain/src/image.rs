//! Pictures that people upload: which are taken, and what is made of them.
//!
//! A picture is told by its first bytes, never by its name or what a client says of it. Whatever is
//! taken is decoded and written anew, so nothing of the file reaches anybody but its pixels.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Refused;

/// The most bytes of an uploaded picture: 10 MiB.
pub const MAX_BYTES: u32 = 10 * 1024 * 1024;

/// The most pixels, by the picture's header: 40 megapixels, 40 · 10⁶.
pub const MAX_PIXELS: u64 = 40_000_000;

/// The most bytes of the decoded picture. Four bytes for each pixel, so only pictures of more than
/// eight bits a channel reach it before [`MAX_PIXELS`].
pub const MAX_DECODED_BYTES: u64 = 160_000_000;

/// The format of an uploaded picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// WebP.
    WebP,
}

impl Format {
    /// The format that the first bytes tell. What people often have and is not taken is refused by
    /// its name.
    pub fn of(bytes: &[u8]) -> Result<Self, Refused> {
        match bytes {
            [0xff, 0xd8, 0xff, ..] => Ok(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Ok(Self::Png),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Ok(Self::WebP),
            [b'G', b'I', b'F', b'8', ..] => Err(animated()),
            [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] if is_heic(brand) => Err(heic()),
            _ if is_svg(bytes) => Err(svg()),
            _ => Err(unknown_format()),
        }
    }
}

/// The brands of HEIF with HEVC (ISO/IEC 23008-12, annex B), and the general ones of HEIF.
fn is_heic(brand: &[u8]) -> bool {
    let brands: [&[u8]; 10] =
        [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"];
    brands.iter().any(|heic| brand.starts_with(heic))
}

/// Whether it is a text in which an `<svg` stands near the beginning.
fn is_svg(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let near = &text[..text.len().min(1024)];
    text.starts_with(b"<") && near.windows(4).any(|tag| tag.eq_ignore_ascii_case(b"<svg"))
}

/// Whether a picture may be decoded, by its header. `decoded` is in bytes.
pub fn check_size(width: u32, height: u32, decoded: u64) -> Result<(), Refused> {
    let fits = u64::from(width) * u64::from(height) <= MAX_PIXELS && decoded <= MAX_DECODED_BYTES;
    if fits { Ok(()) } else { Err(too_many_pixels(MAX_PIXELS / 1_000_000)) }
}

/// A size in which a picture is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// For a line of a list: 160 pixels.
    Small,
    /// For a card: 480 pixels.
    Medium,
    /// For the screen: 1,280 pixels.
    Large,
}

impl Size {
    /// All of them, smallest first.
    pub const ALL: [Self; 3] = [Self::Small, Self::Medium, Self::Large];

    /// The longer side, in pixels.
    pub fn longer_side(self) -> u32 {
        match self {
            Self::Small => 160,
            Self::Medium => 480,
            Self::Large => 1280,
        }
    }

    /// Width and height of a picture in this size. No picture is enlarged.
    pub fn of(self, width: u32, height: u32) -> (u32, u32) {
        let longer = width.max(height);
        if longer <= self.longer_side() {
            return (width, height);
        }
        let scaled = |side: u32| {
            let side = u64::from(side) * u64::from(self.longer_side());
            // At most `longer_side`.
            u32::try_from((side + u64::from(longer) / 2) / u64::from(longer)).unwrap_or(u32::MAX).max(1)
        };
        (scaled(width), scaled(height))
    }
}

/// A format in which a picture is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Lossy WebP.
    WebP,
    /// JPEG, for what reads no WebP: mail, old printers.
    Jpeg,
}

impl Encoding {
    /// All of them, the one that browsers prefer first.
    pub const ALL: [Self; 2] = [Self::WebP, Self::Jpeg];

    /// How the name of a file ends.
    pub fn ending(self) -> &'static str {
        match self {
            Self::WebP => "webp",
            Self::Jpeg => "jpg",
        }
    }

    /// The format of a file with this name, and the name without its ending.
    pub fn named(file: &str) -> Option<(&str, Self)> {
        let (name, ending) = file.rsplit_once('.')?;
        Self::ALL.into_iter().find(|encoding| encoding.ending() == ending).map(|encoding| (name, encoding))
    }

    /// The media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::WebP => "image/webp",
            Self::Jpeg => "image/jpeg",
        }
    }
}

/// A picture whose files are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// Its id.
    pub id: Uuid,
    /// The keys of its files: for each size, smallest first, one for each encoding.
    pub files: Vec<String>,
    /// The width of the largest file, in pixels.
    pub width: u32,
    /// Its height.
    pub height: u32,
    /// The average colour, `#rrggbb`.
    pub colour: String,
}

/// One file of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureFile {
    /// The SHA-256 of its bytes, in hexadecimal.
    pub hash: String,
    /// Its format.
    pub encoding: Encoding,
    /// Its width in pixels.
    pub width: u32,
    /// Its height.
    pub height: u32,
}

impl Picture {
    /// Its files, for each size, smallest first, one for each encoding.
    pub fn files(&self) -> impl Iterator<Item = PictureFile> {
        let kinds = Size::ALL.iter().flat_map(|size| Encoding::ALL.map(|encoding| (size, encoding)));
        kinds.zip(&self.files).map(|((size, encoding), key)| {
            let (width, height) = size.of(self.width, self.height);
            let hash = key.rsplit('/').next().unwrap_or_default().to_owned();
            PictureFile { hash, encoding, width, height }
        })
    }
}

crate::refusals! {
    pub heic() => Invalid "image.heic":
        "HEIC 사진은 올릴 수 없어요. JPEG로 바꿔서 올려 주세요.",
        "HEIC pictures are not taken. Please save it as JPEG first.";
    pub svg() => Invalid "image.svg":
        "SVG 그림은 올릴 수 없어요. PNG로 바꿔서 올려 주세요.",
        "SVG drawings are not taken. Please save it as PNG first.";
    pub animated() => Invalid "image.animated":
        "움직이는 이미지는 올릴 수 없어요. 멈춘 사진을 올려 주세요.",
        "Moving pictures are not taken. Please choose a still one.";
    pub unknown_format() => Invalid "image.unknown_format":
        "JPEG, PNG, WebP 사진만 올릴 수 있어요.", "Only JPEG, PNG and WebP pictures are taken.";
    pub broken() => Invalid "image.broken":
        "사진 파일이 손상돼서 열 수 없어요. 다른 사진을 올려 주세요.",
        "This picture is damaged and cannot be read. Please choose another one.";
    pub too_large(max_mb) => Invalid "image.too_large":
        "사진이 너무 커요. {max_mb}MB까지 올릴 수 있어요.", "The picture is too large: at most {max_mb} MB.";
    pub too_many_pixels(max_megapixels) => Invalid "image.too_many_pixels":
        "사진의 해상도가 너무 높아요. {max_megapixels}백만 화소까지 올릴 수 있어요.",
        "The picture has too many pixels: at most {max_megapixels} megapixels.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_told_by_its_first_bytes() {
        let told = |bytes: &[u8]| Format::of(bytes).map_err(|refused| refused.code);
        assert_eq!(told(b"\xff\xd8\xff\xe0rest"), Ok(Format::Jpeg));
        assert_eq!(told(b"\x89PNG\r\n\x1a\nrest"), Ok(Format::Png));
        assert_eq!(told(b"RIFF\0\0\0\0WEBPVP8 "), Ok(Format::WebP));
        for heic in [&b"\0\0\0\x18ftypheic\0\0"[..], b"\0\0\0\x24ftypmif1", b"\0\0\0\x18ftyphevc"] {
            assert_eq!(told(heic), Err("image.heic"));
        }
        let svgs = [
            "<svg xmlns='http://www.w3.org/2000/svg'/>",
            "\u{feff}\n<?xml version='1.0'?><!-- a --><SVG/>",
            "<!DOCTYPE svg><svg onload='alert(1)'/>",
        ];
        assert!(svgs.iter().all(|svg| told(svg.as_bytes()) == Err("image.svg")));
        assert_eq!(told(b"GIF89a"), Err("image.animated"));
        for other in
            [&b""[..], b"\xff\xd8", b"\x89PNG", b"RIFF\0\0\0\0WAVE", b"\0\0\0\x18ftypavif", b"%PDF-1.7"]
        {
            assert_eq!(told(other), Err("image.unknown_format"), "{other:?}");
        }
        assert_eq!(told(b"<html>".repeat(400).as_slice()), Err("image.unknown_format"));
    }

    #[test]
    fn a_header_of_too_many_pixels_is_refused_and_one_at_the_limit_is_taken() {
        assert_eq!(check_size(8_000, 5_000, MAX_DECODED_BYTES), Ok(()));
        for (width, height, decoded) in
            [(8_000, 5_001, 0), (u32::MAX, u32::MAX, 0), (8_000, 5_000, MAX_DECODED_BYTES + 1)]
        {
            assert_eq!(check_size(width, height, decoded).unwrap_err().code, "image.too_many_pixels");
        }
    }

    #[test]
    fn a_size_keeps_the_shape_and_enlarges_nothing() {
        assert_eq!(Size::Large.of(4_000, 3_000), (1280, 960));
        assert_eq!(Size::Small.of(3_000, 4_000), (120, 160));
        assert_eq!(Size::Medium.of(480, 1), (480, 1));
        assert_eq!(Size::Medium.of(40_000_000, 1), (480, 1));
        assert_eq!(Size::Large.of(3, 2), (3, 2));
        assert_eq!(Size::Large.of(1281, 1280), (1280, 1279));
    }
}
