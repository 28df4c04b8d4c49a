//! What is made of uploads, good and hostile. All pictures are made here.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says by a panic what went wrong, in its helpers too"
)]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "colours are computed as fractions"
)]

use std::f32::consts::PI;
use std::time::{Duration, Instant};

use domain::Failure;
use domain::image::{Encoding, MAX_BYTES, Size};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, ExtendedColorType, GrayImage, ImageEncoder, Rgb, RgbImage, Rgba, RgbaImage};
use images::{Made, make};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tikv_jemalloc_ctl::thread;

// Counts what each thread allocates.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const RED: Rgb<u8> = Rgb([220, 30, 30]);
const GREEN: Rgb<u8> = Rgb([30, 200, 30]);
const BLUE: Rgb<u8> = Rgb([30, 30, 220]);
const GREY: Rgb<u8> = Rgb([128, 128, 128]);

/// Something like a photo of a dish: soft light, a round shape with an edge, and grain.
fn photo(width: u32, height: u32, seed: u64) -> RgbImage {
    let mut random = StdRng::seed_from_u64(seed);
    let (across, down) = (width as f32, height as f32);
    RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (x as f32 / across, y as f32 / down);
        let from_middle = (x - 0.5).hypot(y - 0.5);
        let light = 0.6 + 0.4 * (PI * (x + y)).sin();
        let food = if from_middle < 0.35 { 0.5 + 0.5 * (40.0 * x).sin() * (30.0 * y).cos() } else { 0.0 };
        let grain = random.random_range(-4.0..4.0);
        let channel = |base: f32, dish: f32| ((base + dish * food) * light + grain).clamp(0.0, 255.0) as u8;
        Rgb([channel(140.0, 100.0), channel(110.0, 60.0), channel(80.0, 20.0)])
    })
}

fn jpeg(image: &RgbImage, exif: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 92);
    if !exif.is_empty() {
        encoder.set_exif_metadata(exif.to_vec()).unwrap();
    }
    encoder.encode_image(image).unwrap();
    bytes
}

fn png(image: &DynamicImage, exif: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = PngEncoder::new(&mut bytes);
    if !exif.is_empty() {
        encoder.set_exif_metadata(exif.to_vec()).unwrap();
    }
    let color = ExtendedColorType::from(image.color());
    encoder.write_image(image.as_bytes(), image.width(), image.height(), color).unwrap();
    bytes
}

fn webp(image: &RgbImage, exif: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = WebPEncoder::new_lossless(&mut bytes);
    if !exif.is_empty() {
        encoder.set_exif_metadata(exif.to_vec()).unwrap();
    }
    encoder.encode(image, image.width(), image.height(), ExtendedColorType::Rgb8).unwrap();
    bytes
}

/// A TIFF structure with an orientation, and a position 37.5 north.
fn exif(orientation: u16) -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: u32, value: u32| {
        [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value.to_le_bytes()].concat()
    };
    let number = |number: u32| number.to_le_bytes().to_vec();
    [
        b"II*\0".to_vec(),
        number(8),
        2_u16.to_le_bytes().to_vec(),
        entry(0x0112, 3, 1, orientation.into()),
        entry(0x8825, 4, 1, 38),
        number(0),
        2_u16.to_le_bytes().to_vec(),
        entry(1, 2, 2, u32::from(b'N')),
        entry(2, 5, 3, 68),
        number(0),
        [37, 1, 30, 1, 0, 1].into_iter().flat_map(number).collect(),
    ]
    .concat()
}

fn pixels(file: &[u8]) -> RgbImage {
    image::load_from_memory(file).unwrap().into_rgb8()
}

fn refusal(upload: &[u8]) -> &'static str {
    match make(upload) {
        Err(Failure::Refused(refused)) => refused.code,
        other => panic!("{:?}", other.map(|made| (made.width, made.height))),
    }
}

/// The markers of a JPEG file before its pixels, and what follows its end.
fn parts_of_jpeg(file: &[u8]) -> (Vec<u8>, &[u8]) {
    let (mut at, mut markers) = (2, Vec::new());
    while file[at + 1] != 0xda {
        markers.push(file[at + 1]);
        at += 2 + usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]));
    }
    let end = file.windows(2).position(|marker| marker == [0xff, 0xd9]).unwrap();
    (markers, &file[end + 2..])
}

/// Whether the files have pixels and nothing else.
fn assert_only_pixels(made: &Made) {
    for (file, encoding) in made.files.iter().zip(Encoding::ALL.iter().cycle()) {
        match encoding {
            Encoding::Jpeg => {
                let (markers, tail) = parts_of_jpeg(file);
                // JFIF's head, the tables, and the frame.
                assert!(
                    markers.iter().all(|marker| [0xe0, 0xdb, 0xc0, 0xc4].contains(marker)),
                    "{markers:x?}"
                );
                assert!(tail.is_empty());
            }
            Encoding::WebP => {
                assert_eq!((&file[..4], &file[8..16]), (&b"RIFF"[..], &b"WEBPVP8 "[..]), "one frame, lossy");
                let size = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
                let chunk = size(16);
                assert_eq!((size(4) + 8, 20 + chunk + chunk % 2), (file.len(), file.len()));
            }
        }
    }
}

#[test]
fn three_sizes_in_two_formats_are_made_of_every_format_that_is_taken() {
    let photo = photo(1_600, 1_200, 1);
    let all = [jpeg(&photo, &[]), png(&DynamicImage::ImageRgb8(photo.clone()), &[]), webp(&photo, &[])];
    for upload in all {
        let made = make(&upload).unwrap();
        let sizes: Vec<_> = made.files.iter().map(|file| pixels(file).dimensions()).collect();
        assert_eq!(sizes, [(160, 120), (160, 120), (480, 360), (480, 360), (1280, 960), (1280, 960)]);
        assert_eq!((made.width, made.height), (1280, 960));
        assert_only_pixels(&made);
        // Nobody sees a difference between the large file and the upload.
        let seen = resize(&photo, 1280, 960);
        for file in &made.files[4..] {
            assert!(difference(&pixels(file), &seen) < 6.0);
        }
    }
}

fn resize(image: &RgbImage, width: u32, height: u32) -> RgbImage {
    image::imageops::resize(image, width, height, image::imageops::FilterType::Triangle)
}

/// The mean distance of a channel, of 255.
fn difference(one: &RgbImage, other: &RgbImage) -> f64 {
    let sum: u64 = one.iter().zip(other.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / one.len() as f64
}

#[test]
fn small_grey_transparent_and_deep_pictures_are_taken() {
    let tiny = make(&png(&DynamicImage::ImageRgb8(RgbImage::from_pixel(1, 1, RED)), &[])).unwrap();
    assert_eq!((tiny.width, tiny.height), (1, 1));
    let grey = DynamicImage::ImageLuma8(GrayImage::from_pixel(300, 200, image::Luma([128])));
    assert_eq!(make(&png(&grey, &[])).unwrap().colour, [128, 128, 128]);
    let clear = DynamicImage::ImageRgba8(RgbaImage::from_pixel(300, 200, Rgba([0, 0, 0, 0])));
    assert_eq!(make(&png(&clear, &[])).unwrap().colour, [255, 255, 255]);
    let deep = DynamicImage::ImageRgb8(RgbImage::from_pixel(300, 200, RED)).into_rgb16();
    let deep = make(&png(&DynamicImage::ImageRgb16(deep), &[])).unwrap();
    assert!(deep.colour.iter().zip(RED.0).all(|(made, was)| made.abs_diff(was) <= 1), "{:?}", deep.colour);
    let line = make(&png(&DynamicImage::ImageRgb8(RgbImage::from_pixel(9_000, 1, BLUE)), &[])).unwrap();
    assert_eq!((line.width, line.height), (1280, 1));
}

#[test]
fn every_orientation_is_turned_upright_and_no_position_is_left_in_any_file() {
    // A quarter of each colour; each letter is where it is seen after the turn.
    let colours = [('R', RED), ('G', GREEN), ('B', BLUE), ('W', GREY)];
    let stored =
        RgbImage::from_fn(200, 100, |x, y| colours[usize::from(x >= 100) + 2 * usize::from(y >= 50)].1);
    let seen = ["RGBW", "GRWB", "WBGR", "BWRG", "RBGW", "BRWG", "WGBR", "GWRB"];
    for (orientation, seen) in (1..).zip(seen) {
        let exif = exif(orientation);
        let all = [
            jpeg(&stored, &exif),
            png(&DynamicImage::ImageRgb8(stored.clone()), &exif),
            webp(&stored, &exif),
        ];
        for upload in all {
            assert!(upload.windows(exif.len()).any(|part| part == exif), "the upload has it");
            let made = make(&upload).unwrap();
            let sides = if orientation < 5 { (200, 100) } else { (100, 200) };
            assert_eq!((made.width, made.height), sides, "{orientation}");
            assert_only_pixels(&made);
            for file in &made.files {
                let image = pixels(file);
                let (right, down) = (image.width() * 3 / 4, image.height() * 3 / 4);
                let (left, up) = (image.width() / 4, image.height() / 4);
                let nearest = |(x, y): (u32, u32)| {
                    let pixel = image.get_pixel(x, y);
                    let distance = |(_, colour): &&(char, Rgb<u8>)| -> u32 {
                        pixel.0.iter().zip(colour.0).map(|(a, b)| u32::from(a.abs_diff(b))).sum()
                    };
                    colours.iter().min_by_key(distance).unwrap().0
                };
                let found: String =
                    [(left, up), (right, up), (left, down), (right, down)].map(nearest).iter().collect();
                assert_eq!(found, seen, "orientation {orientation}");
            }
        }
    }
}

#[test]
fn a_polyglot_loses_its_tail_and_what_hides_in_comments() {
    let payload = b"PK\x03\x04<script>alert('tail')</script>";
    let has = |file: &[u8]| file.windows(8).any(|part| part == b"<script>");
    let photo = photo(400, 300, 2);
    let mut with_comment = jpeg(&photo, &[]);
    let comment = [&[0xff, 0xfe, 0, u8::try_from(payload.len() + 2).unwrap()], &payload[..]].concat();
    with_comment.splice(2..2, comment);
    let plain = [jpeg(&photo, &[]), png(&DynamicImage::ImageRgb8(photo.clone()), &[]), webp(&photo, &[])];
    let with_tail = plain.map(|file| [&file, &payload[..]].concat());
    for upload in with_tail.into_iter().chain([with_comment]) {
        assert!(has(&upload));
        let made = make(&upload).unwrap();
        assert_only_pixels(&made);
        assert!(!made.files.iter().any(|file| has(file)));
    }
}

#[test]
fn webp_has_at_most_four_fifths_of_the_bytes_of_jpeg() {
    let (mut webp, mut jpegs) = ([0; 3], [0; 3]);
    for seed in 0..6 {
        let made = make(&jpeg(&photo(1_600, 1_200, seed), &[])).unwrap();
        for (place, pair) in made.files.chunks(2).enumerate() {
            webp[place] += pair[0].len();
            jpegs[place] += pair[1].len();
        }
    }
    for (place, size) in Size::ALL.iter().enumerate() {
        assert!(webp[place] * 10 <= jpegs[place] * 8, "{size:?}: {} of {}", webp[place], jpegs[place]);
    }
}

fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let sum = [&name[..], data].concat().iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xedb8_8320 * (sum & 1)))
    });
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    [&length[..], name, data, &(!sum).to_be_bytes()].concat()
}

fn png_of(width: u32, height: u32, bits: u8, between: &[u8]) -> Vec<u8> {
    let head = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[bits, 6, 0, 0, 0]].concat();
    let pixels = chunk(b"IDAT", b"\x78\x9c\x63\x00\x00\x00\x01\x00\x01");
    [b"\x89PNG\r\n\x1a\n", &chunk(b"IHDR", &head)[..], between, &pixels, &chunk(b"IEND", b"")].concat()
}

fn webp_of(width: u32, height: u32, flags: u8) -> Vec<u8> {
    let side = |side: u32| (side - 1).to_le_bytes()[..3].to_vec();
    let vp8x = [b"VP8X\x0a\0\0\0", &[flags, 0, 0, 0][..], &side(width), &side(height)].concat();
    let frame = b"VP8 \x0a\0\0\0\x10\0\0\x9d\x01\x2a\xff\x3f\xff\x3f".to_vec();
    let moves = flags & 2 != 0;
    let shown =
        [b"ANIM\x06\0\0\0\0\0\0\0\0\0ANMF\x22\0\0\0", &[0; 6][..], &side(width), &side(height), &[0; 4]];
    let anim = if moves { shown.concat() } else { Vec::new() };
    let body = [b"WEBP".to_vec(), vp8x, anim, frame].concat();
    [b"RIFF", &u32::try_from(body.len()).unwrap().to_le_bytes()[..], &body].concat()
}

#[test]
fn a_header_of_sixty_thousand_pixels_a_side_is_refused_before_it_costs_anything() {
    let mut jpeg = jpeg(&photo(64, 64, 3), &[]);
    let frame = jpeg.windows(2).position(|marker| marker == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xea, 0x60, 0xea, 0x60]);
    let deep = png_of(6_000, 6_000, 16, &[]);
    for upload in [jpeg, png_of(60_000, 60_000, 8, &[]), webp_of(60_000, 60_000, 0), deep] {
        let allocated = thread::allocatedp::read().unwrap();
        let before = allocated.get();
        assert_eq!(refusal(&upload), "image.too_many_pixels");
        let cost = allocated.get() - before;
        assert!(cost <= 10 * 1024 * 1024, "{cost} bytes");
    }
    assert_eq!(refusal(&vec![0; MAX_BYTES as usize + 1]), "image.too_large");
}

#[test]
fn a_photo_of_twelve_megapixels_allocates_at_most_120_megabytes() {
    let upload = jpeg(&photo(4_000, 3_000, 5), &exif(6));
    let allocated = thread::allocatedp::read().unwrap();
    let before = allocated.get();
    let made = make(&upload).unwrap();
    let cost = allocated.get() - before;
    assert_eq!((made.width, made.height), (960, 1280));
    assert!(cost <= 120_000_000, "{cost} bytes");
}

/// Nanoseconds that this thread has run on a processor (proc_pid_schedstat).
fn cpu_ns() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    stat.split(' ').next().unwrap().parse().unwrap()
}

#[test]
#[ignore = "figures are those of a release: see bench/README.md"]
fn a_photo_of_twelve_megapixels_takes_at_most_400_ms_of_a_processor() {
    let upload = jpeg(&photo(4_000, 3_000, 5), &exif(6));
    let costs: Vec<u64> = (0..7)
        .map(|_| {
            let began = cpu_ns();
            make(&upload).unwrap();
            (cpu_ns() - began) / 1_000_000
        })
        .collect();
    let mut sorted = costs.clone();
    sorted.sort_unstable();
    assert!(sorted[3] <= 400, "milliseconds of a processor: {costs:?}");
    assert!(sorted[0] > 0, "{costs:?}");
}

#[test]
fn what_moves_and_what_is_cut_off_is_refused_by_its_name() {
    let moves = chunk(b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]);
    assert_eq!(refusal(&png_of(10, 10, 8, &moves)), "image.animated");
    assert_eq!(refusal(&webp_of(10, 10, 2)), "image.animated");
    assert_eq!(refusal(b"GIF89a\x01\0\x01\0"), "image.animated");
    assert_eq!(refusal(b"\0\0\0\x18ftypheic\0\0\0\0"), "image.heic");
    assert_eq!(refusal(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "image.svg");
    assert_eq!(refusal(b""), "image.unknown_format");
    for head in [&b"\xff\xd8\xff"[..], b"\x89PNG\r\n\x1a\n", b"RIFF\x04\0\0\0WEBP"] {
        assert_eq!(refusal(head), "image.broken");
    }
}

#[test]
fn a_thousand_damaged_files_are_refused_or_decoded_and_never_crash() {
    const SEED: u64 = 0x00ba_eda1;
    let photo = photo(120, 80, 4);
    let lossy = make(&jpeg(&photo, &[])).unwrap().files.swap_remove(4);
    let good = [
        jpeg(&photo, &exif(6)),
        png(&DynamicImage::ImageRgb8(photo.clone()), &exif(6)),
        webp(&photo, &exif(6)),
        lossy,
    ];
    let mut random = StdRng::seed_from_u64(SEED);
    let began = Instant::now();
    let mut decoded = 0;
    for number in 0..1_000 {
        let mut file = good[number % good.len()].clone();
        for _ in 0..random.random_range(1..=12) {
            // The head is where sizes and lengths stand.
            let end = if random.random_bool(0.5) { file.len().min(200) } else { file.len() };
            let at = random.random_range(0..end);
            file[at] = random.random();
        }
        match random.random_range(0..10) {
            0 => file.truncate(random.random_range(0..file.len())),
            1 => {
                let at = random.random_range(0..file.len());
                let copy = file[at..].to_vec();
                file.extend(copy);
            }
            _ => {}
        }
        match make(&file) {
            Ok(made) => {
                decoded += 1;
                assert_only_pixels(&made);
            }
            Err(Failure::Refused(refused)) => assert!(refused.code.starts_with("image."), "{refused}"),
            Err(Failure::Fault(cause)) => panic!("file {number} of seed {SEED:#x}: {cause}"),
        }
    }
    assert!((50..950).contains(&decoded), "{decoded} of 1,000 were decoded");
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
}
