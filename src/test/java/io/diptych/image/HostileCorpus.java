package io.diptych.image;

import static io.diptych.image.Samples.HEIGHT;
import static io.diptych.image.Samples.WIDTH;
import static io.diptych.image.Samples.adobeSegment;
import static io.diptych.image.Samples.afterStart;
import static io.diptych.image.Samples.bytes;
import static io.diptych.image.Samples.concat;
import static io.diptych.image.Samples.deflateZerosBehind;
import static io.diptych.image.Samples.exifSegment;
import static io.diptych.image.Samples.fourComponentJpeg;
import static io.diptych.image.Samples.iccSegment;
import static io.diptych.image.Samples.iccp;
import static io.diptych.image.Samples.idat;
import static io.diptych.image.Samples.iend;
import static io.diptych.image.Samples.ihdr;
import static io.diptych.image.Samples.indexOf;
import static io.diptych.image.Samples.jpeg;
import static io.diptych.image.Samples.latin1;
import static io.diptych.image.Samples.linearProfile;
import static io.diptych.image.Samples.multiPictureSegment;
import static io.diptych.image.Samples.patched;
import static io.diptych.image.Samples.png;
import static io.diptych.image.Samples.pngWith;
import static io.diptych.image.Samples.quarters;
import static io.diptych.image.Samples.resource;
import static io.diptych.image.Samples.riffChunk;
import static io.diptych.image.Samples.segment;
import static io.diptych.image.Samples.tiff;
import static io.diptych.image.Samples.uniformPng;
import static io.diptych.image.Samples.vp8x;
import static io.diptych.image.Samples.webp;
import static io.diptych.image.Samples.webpChunk;
import static io.diptych.image.Samples.withoutJfif;

import io.diptych.image.ImageRefusedException.Reason;
import io.diptych.image.Samples.Chunk;
import io.diptych.image.Samples.Vp8lBits;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

/**
 * Uploads as strangers send them: broken, oversized, disguised, unusual, and the sound ones that
 * look like these. Each has the one answer that the documentation promises. Made in code, so that
 * every case says what is wrong with it.
 */
public final class HostileCorpus {

  /** What the service must say to an upload. */
  public sealed interface Expected {

    /** Taken in, with this size after orientation and scaling. */
    record Accepted(int width, int height) implements Expected {}

    record Refused(Reason reason) implements Expected {}
  }

  /**
   * One upload.
   *
   * @param name of the case, unique
   * @param fileName as the client claims it
   * @param contentType as the client claims it
   * @param content made anew at each call, since some are large
   */
  public record Upload(
      String name,
      String fileName,
      String contentType,
      Supplier<byte[]> content,
      Expected expected) {

    public byte[] bytes() {
      return content.get();
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private static final Expected TAKEN = new Expected.Accepted(WIDTH, HEIGHT);
  private static final Expected TAKEN_TURNED = new Expected.Accepted(HEIGHT, WIDTH);
  private static final Expected DAMAGED = new Expected.Refused(Reason.DAMAGED);
  private static final Expected BOMB = new Expected.Refused(Reason.BOMB);
  private static final Expected TOO_MANY_PIXELS = new Expected.Refused(Reason.TOO_MANY_PIXELS);
  private static final Expected WRONG_TYPE = new Expected.Refused(Reason.UNSUPPORTED_TYPE);
  private static final Expected VARIANT = new Expected.Refused(Reason.UNSUPPORTED_VARIANT);
  private static final Expected ANIMATED = new Expected.Refused(Reason.ANIMATED);

  private final List<Upload> uploads = new ArrayList<>();

  private HostileCorpus() {}

  /**
   * The limits under which every answer holds: the defaults, with two decoders and more patience
   * for those who wait behind the cases that never end.
   */
  public static IntakeLimits limits() {
    return limits(IntakeLimits.DEFAULT.decodeTime(), 2, Duration.ofMinutes(5));
  }

  static IntakeLimits limits(Duration decodeTime, int decodeThreads, Duration queueWait) {
    IntakeLimits defaults = IntakeLimits.DEFAULT;
    return new IntakeLimits(
        defaults.maxBytes(),
        defaults.maxPixels(),
        defaults.maxSide(),
        defaults.minSide(),
        defaults.storedSide(),
        decodeTime,
        decodeThreads,
        queueWait);
  }

  public static List<Upload> all() {
    HostileCorpus corpus = new HostileCorpus();
    corpus.truncated();
    corpus.oversized();
    corpus.bombs();
    corpus.otherTypes();
    corpus.polyglots();
    corpus.animatedAndMultiPage();
    corpus.turned();
    corpus.colours();
    corpus.corruptPngs();
    corpus.corruptJpegs();
    corpus.corruptWebps();
    corpus.claims();
    return List.copyOf(corpus.uploads);
  }

  private void add(String name, Supplier<byte[]> content, Expected expected) {
    String extension = name.startsWith("png") ? "png" : name.startsWith("webp") ? "webp" : "jpg";
    String type = extension.equals("jpg") ? "image/jpeg" : "image/" + extension;
    uploads.add(new Upload(name, "picture." + extension, type, content, expected));
  }

  private void truncated() {
    add("empty file", () -> new byte[0], new Expected.Refused(Reason.EMPTY));
    for (int length : new int[] {1, 2}) {
      add("jpeg cut at " + length, () -> cut(jpeg(), length), WRONG_TYPE);
    }
    for (int length : new int[] {3, 4, 20, 200}) {
      add("jpeg cut at " + length, () -> cut(jpeg(), length), DAMAGED);
    }
    for (int percent : new int[] {25, 50, 75, 99}) {
      add("jpeg cut at " + percent + " %", () -> cutPercent(jpeg(), percent), DAMAGED);
      add(
          "progressive jpeg cut at " + percent + " %",
          () -> cutPercent(jpeg(quarters(), true), percent),
          DAMAGED);
    }
    add("jpeg without its last byte", () -> cut(jpeg(), -1), DAMAGED);
    add("jpeg cut in a scan, end marker put back", HostileCorpus::jpegWithShortScan, DAMAGED);
    add("png cut at 4", () -> cut(png(), 4), WRONG_TYPE);
    for (int length : new int[] {8, 12, 20, 33, 40}) {
      add("png cut at " + length, () -> cut(png(), length), DAMAGED);
    }
    for (int percent : new int[] {50, 90}) {
      add("png cut at " + percent + " %", () -> cutPercent(png(), percent), DAMAGED);
    }
    add("png without its end chunk", () -> cut(png(), -12), DAMAGED);
    add("png without its last byte", () -> cut(png(), -1), DAMAGED);
    add(
        "png with half of its pixel data",
        () -> png(ihdr(WIDTH, HEIGHT, 8, 2, 0), idat(new byte[3000]), iend()),
        DAMAGED);
    add("webp cut at 8", () -> cut(resource("lossy.webp"), 8), WRONG_TYPE);
    for (int length : new int[] {12, 16, 25, 300}) {
      add("webp cut at " + length, () -> cut(resource("lossy.webp"), length), DAMAGED);
    }
    add("webp without its last byte", () -> cut(resource("lossless-alpha.webp"), -1), DAMAGED);
    add("webp lossy, bitstream cut, sizes mended", () -> shortBitstream("VP8 "), DAMAGED);
    add("webp lossless, bitstream cut, sizes mended", () -> shortBitstream("VP8L"), DAMAGED);
  }

  private void oversized() {
    add(
        "file one byte over the limit",
        () -> Arrays.copyOf(jpeg(), (20 << 20) + 1),
        new Expected.Refused(Reason.TOO_MANY_BYTES));
    add("file at the limit", () -> Arrays.copyOf(jpeg(), 20 << 20), TAKEN);
    add("png of 18375 x 11175 in 110 kB", () -> uniformLargePng(18_375, 11_175), TOO_MANY_PIXELS);
    add("png of 5000 x 5001", () -> uniformLargePng(5_000, 5_001), TOO_MANY_PIXELS);
    add(
        "png of 5000 x 5000 in 14 kB",
        () -> uniformLargePng(5_000, 5_000),
        new Expected.Accepted(2048, 2048));
    add("png claiming 65535 x 65535", () -> claimingPng(65_535, 65_535), TOO_MANY_PIXELS);
    add(
        "png claiming 2147483647 squared",
        () -> claimingPng(Integer.MAX_VALUE, Integer.MAX_VALUE),
        TOO_MANY_PIXELS);
    add("png claiming a negative width", () -> claimingPng(-1, 64), DAMAGED);
    add("png claiming no height", () -> claimingPng(64, 0), DAMAGED);
    add("png of 20000 x 40", () -> uniformLargePng(20_000, 40), TOO_MANY_PIXELS);
    add("png of 1 x 1", () -> uniformLargePng(1, 1), new Expected.Refused(Reason.TOO_SMALL));
    add(
        "png of 4000 x 31",
        () -> uniformLargePng(4000, 31),
        new Expected.Refused(Reason.TOO_SMALL));
    add("png of 32 x 32", () -> uniformLargePng(32, 32), new Expected.Accepted(32, 32));
    add("jpeg claiming 65535 x 65535", () -> claimingJpeg(65_535, 65_535), TOO_MANY_PIXELS);
    add("jpeg claiming 18375 x 11175", () -> claimingJpeg(18_375, 11_175), TOO_MANY_PIXELS);
    add("jpeg claiming 4000 x 4000, data of 96 x 64", () -> claimingJpeg(4000, 4000), DAMAGED);
    add("jpeg claiming no height", () -> claimingJpeg(96, 0), DAMAGED);
    add(
        "webp lossless claiming 16384 x 16384",
        () -> webp(constantBitstream(16_384, 16_384)),
        TOO_MANY_PIXELS);
    add(
        "webp lossless of 5000 x 5000 in 34 bytes",
        () -> webp(constantBitstream(5_000, 5_000)),
        new Expected.Accepted(2048, 2048));
    add(
        "webp whose canvas and bitstream differ",
        () -> webp(vp8x(0, 16_384, 16_384), constantBitstream(96, 64)),
        DAMAGED);
  }

  private void bombs() {
    add("png pixel data with 200 MB too many", HostileCorpus::pngWithEndlessPixels, TAKEN);
    add(
        "png colour profile unpacking to 100 MB",
        () ->
            pngWith(
                new Chunk(
                    "iCCP",
                    concat(
                        latin1("bomb\0"), bytes(0), deflateZerosBehind(new byte[0], 100 << 20)))),
        BOMB);
    add(
        "png compressed text unpacking to 100 MB",
        () ->
            pngWith(
                new Chunk(
                    "zTXt",
                    concat(
                        latin1("bomb\0"), bytes(0), deflateZerosBehind(new byte[0], 100 << 20)))),
        TAKEN);
    add(
        "png compressed international text unpacking to 100 MB",
        () ->
            pngWith(
                new Chunk(
                    "iTXt",
                    concat(
                        latin1("bomb\0"),
                        bytes(1, 0, 0, 0),
                        deflateZerosBehind(new byte[0], 100 << 20)))),
        TAKEN);
    add(
        "png with 10 MB of text",
        () -> pngWith(new Chunk("tEXt", concat(latin1("Comment\0"), new byte[10 << 20]))),
        TAKEN);
    add("png with 100000 empty chunks", HostileCorpus::pngWithManyChunks, TAKEN);
    add("jpeg with 5000 scans", HostileCorpus::jpegWithManyScans, BOMB);
    add("jpeg with 300 EXIF segments", HostileCorpus::jpegWithManySegments, TAKEN);
    add("jpeg with a colour profile of 5 MB", HostileCorpus::jpegWithLargeProfile, BOMB);
    add(
        "webp with a colour profile of 5 MB",
        () ->
            webp(
                vp8x(0x20, WIDTH, HEIGHT),
                riffChunk("ICCP", new byte[5 << 20]),
                webpChunk("lossy.webp", "VP8 ")),
        BOMB);
    add("webp with 65536 sets of code tables", HostileCorpus::webpWithManyTables, BOMB);
    add(
        "webp with 200000 passes over 16 million pixels",
        HostileCorpus::webpWithManyPasses,
        new Expected.Refused(Reason.TOO_SLOW));
  }

  private void otherTypes() {
    add("plain text", () -> latin1("This is not a picture."), WRONG_TYPE);
    add("html", () -> latin1("<!DOCTYPE html><script>alert(1)</script>"), WRONG_TYPE);
    add(
        "svg with a script",
        () ->
            latin1(
                "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)' width='96'"
                    + " height='64'/>"),
        WRONG_TYPE);
    add(
        "svg reading a file through an entity",
        () ->
            latin1(
                "<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
                    + "<svg><text>&x;</text></svg>"),
        WRONG_TYPE);
    add(
        "xml of a billion laughs",
        () ->
            latin1(
                "<?xml version='1.0'?><!DOCTYPE lolz [<!ENTITY a 'lol'>"
                    + "<!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;&b;&b;'>]>"
                    + "<lolz>&c;</lolz>"),
        WRONG_TYPE);
    add("pdf", () -> latin1("%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"), WRONG_TYPE);
    add("gif, still", () -> gif(1), WRONG_TYPE);
    add("gif, animated", () -> gif(5), WRONG_TYPE);
    add("tiff, little-endian", () -> tiff(0x0100, 96), WRONG_TYPE);
    add("tiff, big-endian", () -> concat(latin1("MM"), bytes(0, 42, 0, 0, 0, 8)), WRONG_TYPE);
    add("tiff, 64-bit", () -> concat(latin1("II+\0"), bytes(8, 0, 0, 0)), WRONG_TYPE);
    add("bmp", () -> concat(latin1("BM"), new byte[100]), WRONG_TYPE);
    add("icon", () -> concat(bytes(0, 0, 1, 0, 1, 0), png()), WRONG_TYPE);
    add("photoshop", () -> concat(latin1("8BPS"), bytes(0, 1), new byte[100]), WRONG_TYPE);
    add("heic", () -> concat(bytes(0, 0, 0, 24), latin1("ftypheic"), new byte[16]), WRONG_TYPE);
    add("avif", () -> concat(bytes(0, 0, 0, 24), latin1("ftypavif"), new byte[16]), WRONG_TYPE);
    add("mp4", () -> concat(bytes(0, 0, 0, 24), latin1("ftypisom"), new byte[16]), WRONG_TYPE);
    add("jpeg xl", () -> bytes(0xFF, 0x0A, 0, 0, 0, 0), WRONG_TYPE);
    add("jpeg 2000", () -> concat(bytes(0, 0, 0, 12), latin1("jP  \r\n"), new byte[9]), WRONG_TYPE);
    add("zip", () -> concat(latin1("PK\3\4"), new byte[60]), WRONG_TYPE);
    add("gzip", () -> bytes(0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3), WRONG_TYPE);
    add("windows program", () -> concat(latin1("MZ"), new byte[200]), WRONG_TYPE);
    add("linux program", () -> concat(bytes(0x7F), latin1("ELF"), new byte[200]), WRONG_TYPE);
    add("shell script", () -> latin1("#!/bin/sh\nrm -rf /\n"), WRONG_TYPE);
    add(
        "riff that is a sound",
        () -> concat(latin1("RIFF\0\0\0\0WAVEfmt "), new byte[32]),
        WRONG_TYPE);
    add("zeros", () -> new byte[1 << 20], WRONG_TYPE);
    add("noise", () -> noise(100_000), WRONG_TYPE);
    add(
        "noise behind a jpeg's first bytes",
        () -> concat(bytes(0xFF, 0xD8, 0xFF), noise(5000)),
        DAMAGED);
    add("png signature and noise", () -> concat(PngChunks.SIGNATURE, noise(5000)), DAMAGED);
    add("webp header and noise", () -> webp(noise(5000)), DAMAGED);
  }

  private void polyglots() {
    add("png and zip", () -> concat(png(), latin1("PK\3\4evil.sh"), new byte[100]), TAKEN);
    add("jpeg and zip", () -> concat(jpeg(), latin1("PK\3\4evil.jar"), new byte[100]), TAKEN);
    add(
        "jpeg and html behind it",
        () -> concat(jpeg(), latin1("<script>alert(1)</script>")),
        TAKEN);
    add(
        "jpeg and html in its comment",
        () -> afterStart(jpeg(), segment(0xFE, latin1("<script>alert(1)</script>"))),
        TAKEN);
    add(
        "jpeg and php in its EXIF",
        () -> afterStart(jpeg(), exifSegment(latin1("<?php system($_GET[0]); ?>"))),
        TAKEN);
    add(
        "png and html in its text",
        () -> pngWith(new Chunk("tEXt", latin1("Title\0<script>alert(1)</script>"))),
        TAKEN);
    add(
        "webp and javascript behind it",
        () -> concat(resource("lossy.webp"), latin1("*/=1;alert(1)")),
        TAKEN);
    add("jpeg twice", () -> concat(jpeg(), jpeg()), TAKEN);
    add("png twice", () -> concat(png(), png()), TAKEN);
    add("gif header and jpeg", () -> concat(latin1("GIF89a"), jpeg()), WRONG_TYPE);
    add("pdf header and jpeg", () -> concat(latin1("%PDF-1.4\n"), jpeg()), WRONG_TYPE);
    add("html and png", () -> concat(latin1("<html>"), png()), WRONG_TYPE);
    add("zip and png", () -> concat(latin1("PK\3\4"), new byte[26], png()), WRONG_TYPE);
  }

  private void animatedAndMultiPage() {
    add("png, animated", () -> pngWith(new Chunk("acTL", bytes(0, 0, 0, 2, 0, 0, 0, 0))), ANIMATED);
    add(
        "png, animated, of one frame",
        () -> pngWith(new Chunk("acTL", bytes(0, 0, 0, 1, 0, 0, 0, 0))),
        ANIMATED);
    add(
        "png with a frame but no animation",
        () -> pngWith(new Chunk("fcTL", new byte[26])),
        ANIMATED);
    add("webp, animated", () -> animatedWebp(0x02, 2), ANIMATED);
    add("webp, animated, of one frame", () -> animatedWebp(0x02, 1), ANIMATED);
    add("webp with frames it does not announce", () -> animatedWebp(0x00, 2), ANIMATED);
    add(
        "webp with two bitstreams",
        () -> webp(webpChunk("lossy.webp", "VP8 "), webpChunk("lossy.webp", "VP8 ")),
        DAMAGED);
    add(
        "jpeg, stereo pair",
        () -> concat(afterStart(jpeg(), multiPictureSegment(0x20020002, 0x00020002)), jpeg()),
        new Expected.Refused(Reason.MULTI_PAGE));
    add(
        "jpeg with the gain map of a phone",
        () -> concat(afterStart(jpeg(), multiPictureSegment(0x20030000, 0)), jpeg()),
        TAKEN);
  }

  private void turned() {
    for (int value = 1; value <= 8; value++) {
      int orientation = value;
      add(
          "jpeg, EXIF orientation " + orientation,
          () -> afterStart(jpeg(), exifSegment(tiff(0x0112, orientation))),
          orientation < 5 ? TAKEN : TAKEN_TURNED);
    }
    add("png, EXIF orientation 6", () -> pngWith(new Chunk("eXIf", tiff(0x0112, 6))), TAKEN_TURNED);
    add(
        "webp, EXIF orientation 8",
        () ->
            webp(
                vp8x(0x08, WIDTH, HEIGHT),
                webpChunk("lossy.webp", "VP8 "),
                riffChunk("EXIF", tiff(0x0112, 8))),
        TAKEN_TURNED);
    for (int orientation : new int[] {0, 9, 65_535}) {
      add(
          "jpeg, EXIF orientation " + orientation,
          () -> afterStart(jpeg(), exifSegment(tiff(0x0112, orientation))),
          TAKEN);
    }
    add(
        "jpeg, EXIF pointing outside itself",
        () -> afterStart(jpeg(), exifSegment(patched(tiff(0x0112, 6), 4, 0xFF, 0xFF, 0xFF, 0x7F))),
        TAKEN);
    add(
        "jpeg, EXIF with 65535 entries",
        () -> afterStart(jpeg(), exifSegment(patched(tiff(0x0112, 6), 8, 0xFF, 0xFF))),
        TAKEN);
    add("jpeg, EXIF of three bytes", () -> afterStart(jpeg(), exifSegment(latin1("II*"))), TAKEN);
  }

  private void colours() {
    add("jpeg, progressive", () -> jpeg(quarters(), true), TAKEN);
    add("jpeg, gray", () -> jpeg(gray(), false), TAKEN);
    add("jpeg, CMYK", () -> afterStart(fourComponentJpeg(255, 0, 0, 255), adobeSegment(0)), TAKEN);
    add(
        "jpeg, YCCK",
        () -> afterStart(fourComponentJpeg(128, 128, 128, 255), adobeSegment(2)),
        TAKEN);
    add("jpeg, four components, unmarked", () -> fourComponentJpeg(1, 2, 3, 4), VARIANT);
    add(
        "jpeg, RGB by Adobe's marker",
        () -> afterStart(withoutJfif(jpeg()), adobeSegment(0)),
        TAKEN);
    add(
        "jpeg with a linear profile",
        () -> afterStart(jpeg(), iccSegment(linearProfile(ColorSpace.CS_LINEAR_RGB))),
        TAKEN);
    add("jpeg with a broken profile", () -> afterStart(jpeg(), iccSegment(noise(500))), TAKEN);
    add(
        "jpeg, RGB with a gray profile",
        () -> afterStart(jpeg(), iccSegment(linearProfile(ColorSpace.CS_GRAY))),
        TAKEN);
    add("png, 16-bit RGB", () -> uniformPng(16, 2, bytes(255, 255, 128, 0, 0, 0)), TAKEN);
    add(
        "png, 16-bit RGB with alpha",
        () -> uniformPng(16, 6, bytes(255, 255, 128, 0, 0, 0, 128, 0)),
        TAKEN);
    add("png, 16-bit gray", () -> uniformPng(16, 0, bytes(128, 0)), TAKEN);
    add("png, 16-bit gray with alpha", () -> uniformPng(16, 4, bytes(128, 0, 255, 255)), TAKEN);
    add("png, 8-bit gray with alpha", () -> uniformPng(8, 4, bytes(128, 128)), TAKEN);
    add("png, 1-bit", () -> uniformLargePng(WIDTH, HEIGHT), TAKEN);
    add("png with alpha", () -> uniformPng(8, 6, bytes(255, 0, 0, 128)), TAKEN);
    add(
        "png, palette with transparency",
        () ->
            uniformPng(
                8,
                3,
                bytes(1),
                new Chunk("PLTE", bytes(0, 0, 0, 255, 0, 0)),
                new Chunk("tRNS", bytes(255, 128))),
        TAKEN);
    add(
        "png, palette index past its end",
        () -> uniformPng(8, 3, bytes(200), new Chunk("PLTE", bytes(0, 0, 0, 255, 0, 0))),
        TAKEN);
    add("png, interlaced", HostileCorpus::interlacedPng, TAKEN);
    add(
        "png with a linear profile",
        () -> pngWith(iccp(linearProfile(ColorSpace.CS_LINEAR_RGB))),
        TAKEN);
    add("png with a broken profile", () -> pngWith(iccp(noise(500))), TAKEN);
    add("webp, lossy", () -> resource("lossy.webp"), TAKEN);
    add("webp, lossy with alpha", () -> resource("lossy-alpha.webp"), TAKEN);
    add("webp, lossless with alpha", () -> resource("lossless-alpha.webp"), TAKEN);
    add(
        "webp with an uncompressed alpha plane",
        () ->
            webp(
                vp8x(0x10, WIDTH, HEIGHT),
                riffChunk("ALPH", new byte[1 + WIDTH * HEIGHT]),
                webpChunk("lossy.webp", "VP8 ")),
        VARIANT);
  }

  private void corruptPngs() {
    add("png, header checksum wrong", () -> patched(png(), 8 + 8 + 13, 0, 0, 0, 0), DAMAGED);
    add(
        "png, pixel data checksum wrong",
        () -> patched(png(), indexOf(png(), latin1("IEND")) - 8, 0, 0, 0, 0),
        DAMAGED);
    add(
        "png, text checksum wrong",
        () -> {
          byte[] file = pngWith(new Chunk("tEXt", latin1("Title\0x")));
          return patched(file, indexOf(file, latin1("Title")) + 7, 0, 0, 0, 0);
        },
        DAMAGED);
    add("png, chunk length 4294967295", () -> patched(png(), 33, 0xFF, 0xFF, 0xFF, 0xFF), DAMAGED);
    add(
        "png, pixel data that is not deflated",
        () -> png(ihdr(WIDTH, HEIGHT, 8, 2, 0), new Chunk("IDAT", noise(5000)), iend()),
        DAMAGED);
    add("png without a header", () -> png(idat(new byte[100]), iend()), DAMAGED);
    add("png with two headers", () -> pngWith(ihdr(WIDTH, HEIGHT, 8, 2, 0)), DAMAGED);
    add("png without pixel data", () -> png(ihdr(WIDTH, HEIGHT, 8, 2, 0), iend()), DAMAGED);
    add("png, palette missing", () -> uniformPng(8, 3, bytes(0)), DAMAGED);
    add(
        "png, palette of 300 colours",
        () -> uniformPng(8, 3, bytes(0), new Chunk("PLTE", new byte[900])),
        DAMAGED);
    add("png, bit depth 3", () -> uniformPng(3, 2, bytes(0, 0, 0)), DAMAGED);
    add("png, colour type 5", () -> uniformPng(8, 5, bytes(0, 0, 0)), DAMAGED);
    add("png, unknown filter type", HostileCorpus::pngWithUnknownFilter, DAMAGED);
    add("png, unknown essential chunk", () -> pngWith(new Chunk("EVIL", new byte[4])), DAMAGED);
    add(
        "png, pixel data interrupted",
        () ->
            png(
                ihdr(WIDTH, HEIGHT, 8, 2, 0),
                idat(new byte[100]),
                new Chunk("tEXt", latin1("a\0b")),
                idat(new byte[100]),
                iend()),
        DAMAGED);
    add(
        "png as iOS keeps it",
        () ->
            png(
                ihdr(WIDTH, HEIGHT, 8, 2, 0),
                new Chunk("CgBI", new byte[4]),
                idat(new byte[100]),
                iend()),
        VARIANT);
  }

  private void corruptJpegs() {
    add("jpeg, segment length 65535", () -> patchedSegment(0xFF, 0xFF), DAMAGED);
    add("jpeg, segment length 0", () -> patchedSegment(0, 0), DAMAGED);
    add("jpeg, segment length 1", () -> patchedSegment(0, 1), DAMAGED);
    add("jpeg without a scan", () -> concat(bytes(0xFF, 0xD8, 0xFF, 0xD9)), DAMAGED);
    add(
        "jpeg, scan before frame",
        () -> concat(bytes(0xFF, 0xD8), segment(0xDA, new byte[10]), bytes(0, 0, 0xFF, 0xD9)),
        DAMAGED);
    add(
        "jpeg with two frames",
        () -> afterStart(jpeg(), segment(0xC0, frame(8, 96, 64, 3))),
        DAMAGED);
    add(
        "jpeg, frame with too few components",
        () -> jpegFrame(0xC0, cut(frame(8, 96, 64, 3), -3)),
        DAMAGED);
    add("jpeg, arithmetic-coded", () -> jpegFrame(0xC9, frame(8, 96, 64, 3)), VARIANT);
    add("jpeg, lossless", () -> jpegFrame(0xC3, frame(8, 96, 64, 3)), VARIANT);
    add("jpeg, hierarchical", () -> jpegFrame(0xC5, frame(8, 96, 64, 3)), VARIANT);
    add("jpeg, 12-bit", () -> jpegFrame(0xC1, frame(12, 96, 64, 3)), VARIANT);
    add("jpeg of two components", () -> jpegFrame(0xC0, frame(8, 96, 64, 2)), VARIANT);
    add("jpeg of 200 components", () -> jpegFrame(0xC0, frame(8, 96, 64, 200)), VARIANT);
    add("jpeg, quantisation tables missing", () -> withoutSegments(0xDB), DAMAGED);
    add("jpeg, scan data of zeros", HostileCorpus::jpegWithZeroScan, DAMAGED);
    add("jpeg, sampling factors of zero", HostileCorpus::jpegWithZeroSampling, DAMAGED);
  }

  private void corruptWebps() {
    add(
        "webp, size field of 4 GiB",
        () -> patched(resource("lossy.webp"), 4, 255, 255, 255, 255),
        DAMAGED);
    add(
        "webp, chunk length of 4 GiB",
        () -> patched(resource("lossy.webp"), 16, 255, 255, 255, 255),
        DAMAGED);
    add("webp without a bitstream", () -> webp(vp8x(0, WIDTH, HEIGHT)), DAMAGED);
    add("webp, start code wrong", () -> patched(resource("lossy.webp"), 23, 0, 0, 0), DAMAGED);
    add("webp, not a key frame", () -> patched(resource("lossy.webp"), 20, 0xF1), DAMAGED);
    add(
        "webp, lossless signature wrong",
        () -> patched(resource("lossless-alpha.webp"), 20, 0),
        DAMAGED);
    add(
        "webp, lossless data of noise",
        () -> webp(riffChunk("VP8L", concat(bytes(0x2F, 95, 0xC0, 15, 0), noise(2000)))),
        DAMAGED);
    add(
        "webp, two alpha planes",
        () ->
            webp(
                vp8x(0x10, WIDTH, HEIGHT),
                webpChunk("lossy-alpha.webp", "ALPH"),
                webpChunk("lossy-alpha.webp", "ALPH"),
                webpChunk("lossy-alpha.webp", "VP8 ")),
        DAMAGED);
    add(
        "webp, alpha plane of noise",
        () ->
            webp(
                vp8x(0x10, WIDTH, HEIGHT),
                riffChunk("ALPH", concat(bytes(1), noise(300))),
                webpChunk("lossy-alpha.webp", "VP8 ")),
        DAMAGED);
  }

  /** Sound pictures whose names or types are lies; content alone decides. */
  private void claims() {
    Object[][] cases = {
      {"jpeg called png", "picture.png", "image/png"},
      {"jpeg called svg", "picture.svg", "image/svg+xml"},
      {"jpeg called a program", "picture.exe", "application/x-msdownload"},
      {"jpeg without a name", "", "application/octet-stream"},
      {"name that climbs directories", "../../../../etc/cron.d/evil", "image/jpeg"},
      {
        "name that climbs directories, Windows", "..\\..\\windows\\system32\\evil.dll", "image/jpeg"
      },
      {"name that is absolute", "/etc/passwd", "image/jpeg"},
      {"name with an escaped zero", "picture.jpg%00.php", "image/jpeg"},
      {"name of 300 characters", "a".repeat(296) + ".jpg", "image/jpeg"},
      {"name with a script", "<img src=x onerror=alert(1)>.jpg", "image/jpeg"},
      {"name reserved on Windows", "CON.jpg", "image/jpeg"},
      {"name in Hebrew with a direction override", "\u05e9\u202egpj.exe", "image/jpeg"},
    };
    for (Object[] one : cases) {
      uploads.add(
          new Upload((String) one[0], (String) one[1], (String) one[2], Samples::jpeg, TAKEN));
    }
    uploads.add(
        new Upload("svg called jpeg", "a.jpg", "image/jpeg", () -> latin1("<svg/>"), WRONG_TYPE));
    uploads.add(new Upload("gif called png", "a.png", "image/png", () -> gif(1), WRONG_TYPE));
  }

  private static byte[] cut(byte[] file, int length) {
    return Arrays.copyOf(file, length < 0 ? file.length + length : length);
  }

  private static byte[] cutPercent(byte[] file, int percent) {
    return cut(file, file.length * percent / 100);
  }

  private static byte[] noise(int length) {
    byte[] noise = new byte[length];
    new Random(7).nextBytes(noise);
    noise[0] = 0x11;
    return noise;
  }

  private static BufferedImage gray() {
    BufferedImage gray = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_BYTE_GRAY);
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        gray.getRaster().setSample(x, y, 0, 128);
      }
    }
    return gray;
  }

  private static byte[] gif(int frames) {
    ByteArrayOutputStream gif = new ByteArrayOutputStream();
    gif.writeBytes(latin1("GIF89a"));
    gif.writeBytes(bytes(32, 0, 32, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255));
    for (int i = 0; i < frames; i++) {
      gif.writeBytes(bytes(0x2C, 0, 0, 0, 0, 32, 0, 32, 0, 0, 2, 1, 0x4C, 0));
    }
    gif.write(0x3B);
    return gif.toByteArray();
  }

  // PNGs

  /** One bit a pixel, all black: the whole pixel data is there and deflates to nearly nothing. */
  private static byte[] uniformLargePng(int width, int height) {
    long rawBytes = (1L + (width + 7) / 8) * height;
    return png(
        ihdr(width, height, 1, 0, 0),
        new Chunk("IDAT", deflateZerosBehind(new byte[0], rawBytes)),
        iend());
  }

  private static byte[] claimingPng(int width, int height) {
    return png(ihdr(width, height, 8, 2, 0), idat(new byte[1000]), iend());
  }

  private static byte[] pngWithEndlessPixels() {
    return png(
        ihdr(WIDTH, HEIGHT, 8, 2, 0),
        new Chunk("IDAT", deflateZerosBehind(new byte[0], 200L << 20)),
        iend());
  }

  private static byte[] pngWithManyChunks() {
    Chunk[] chunks = new Chunk[100_003];
    Arrays.fill(chunks, new Chunk("tEXt", latin1("a\0")));
    chunks[0] = ihdr(WIDTH, HEIGHT, 8, 2, 0);
    chunks[100_001] = idat(new byte[(1 + 3 * WIDTH) * HEIGHT]);
    chunks[100_002] = iend();
    return png(chunks);
  }

  private static byte[] pngWithUnknownFilter() {
    byte[] rows = new byte[(1 + 3 * WIDTH) * HEIGHT];
    rows[0] = 9;
    return png(ihdr(WIDTH, HEIGHT, 8, 2, 0), idat(rows), iend());
  }

  /** Seven passes of one gray: pass n holds every so many columns and rows. */
  private static byte[] interlacedPng() {
    int[][] passes = {
      {0, 0, 8, 8},
      {4, 0, 8, 8},
      {0, 4, 4, 8},
      {2, 0, 4, 4},
      {0, 2, 2, 4},
      {1, 0, 2, 2},
      {0, 1, 1, 2}
    };
    ByteArrayOutputStream rows = new ByteArrayOutputStream();
    for (int[] pass : passes) {
      int columns = (WIDTH - pass[0] + pass[2] - 1) / pass[2];
      int lines = (HEIGHT - pass[1] + pass[3] - 1) / pass[3];
      for (int y = 0; y < lines; y++) {
        byte[] row = new byte[1 + columns];
        Arrays.fill(row, 1, row.length, (byte) 128);
        rows.writeBytes(row);
      }
    }
    return png(ihdr(WIDTH, HEIGHT, 8, 0, 1), idat(rows.toByteArray()), iend());
  }

  // JPEGs

  /** Precision, height, width, then three bytes a component. */
  private static byte[] frame(int precision, int width, int height, int components) {
    byte[] frame = new byte[6 + 3 * components];
    byte[] head = bytes(precision, height >>> 8, height, width >>> 8, width, components);
    System.arraycopy(head, 0, frame, 0, head.length);
    for (int i = 0; i < components; i++) {
      frame[6 + 3 * i] = (byte) (i + 1);
      frame[7 + 3 * i] = 0x11;
    }
    return frame;
  }

  /** A JPEG up to the given frame, and then the rest of a sound one. */
  private static byte[] jpegFrame(int marker, byte[] frame) {
    byte[] jpeg = jpeg();
    int at = frameAt(jpeg);
    int length = (jpeg[at + 2] & 0xff) << 8 | jpeg[at + 3] & 0xff;
    return concat(
        cut(jpeg, at),
        segment(marker, frame),
        Arrays.copyOfRange(jpeg, at + 2 + length, jpeg.length));
  }

  private static int frameAt(byte[] jpeg) {
    return indexOf(jpeg, bytes(0xFF, 0xC0, 0, 17));
  }

  private static byte[] claimingJpeg(int width, int height) {
    byte[] jpeg = jpeg();
    return patched(jpeg, frameAt(jpeg) + 5, height >>> 8, height, width >>> 8, width);
  }

  private static byte[] patchedSegment(int high, int low) {
    byte[] jpeg = afterStart(jpeg(), segment(0xFE, latin1("comment")));
    return patched(jpeg, 4, high, low);
  }

  private static byte[] jpegWithShortScan() {
    byte[] jpeg = jpeg();
    int scan = indexOf(jpeg, bytes(0xFF, 0xDA));
    return concat(cut(jpeg, scan + 14 + 40), bytes(0xFF, 0xD9));
  }

  private static byte[] jpegWithZeroScan() {
    byte[] jpeg = jpeg();
    int scan = indexOf(jpeg, bytes(0xFF, 0xDA));
    return concat(cut(jpeg, scan + 14), new byte[2], bytes(0xFF, 0xD9));
  }

  private static byte[] jpegWithZeroSampling() {
    byte[] jpeg = jpeg();
    return patched(jpeg, frameAt(jpeg) + 11, 0);
  }

  private static byte[] jpegWithManyScans() {
    byte[] jpeg = jpeg(quarters(), true);
    int scan = indexOf(jpeg, bytes(0xFF, 0xDA));
    int next = indexOf(jpeg, bytes(0xFF, 0xDA), scan + 2);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(cut(jpeg, scan));
    for (int i = 0; i < 5000; i++) {
      out.write(jpeg, scan, Math.min(next - scan, 40));
    }
    out.writeBytes(bytes(0xFF, 0xD9));
    return out.toByteArray();
  }

  private static byte[] jpegWithManySegments() {
    byte[][] segments = new byte[300][];
    Arrays.fill(segments, exifSegment(new byte[60_000]));
    return afterStart(jpeg(), segments);
  }

  private static byte[] jpegWithLargeProfile() {
    byte[][] parts = new byte[84][];
    for (int i = 0; i < parts.length; i++) {
      parts[i] =
          segment(0xE2, latin1("ICC_PROFILE\0"), bytes(i + 1, parts.length), new byte[62_500]);
    }
    return afterStart(jpeg(), parts);
  }

  private static byte[] withoutSegments(int marker) {
    byte[] jpeg = jpeg();
    int at = indexOf(jpeg, bytes(0xFF, marker));
    while (at >= 0) {
      int length = (jpeg[at + 2] & 0xff) << 8 | jpeg[at + 3] & 0xff;
      jpeg = concat(cut(jpeg, at), Arrays.copyOfRange(jpeg, at + 2 + length, jpeg.length));
      at = indexOf(jpeg, bytes(0xFF, marker));
    }
    return jpeg;
  }

  // WebPs

  private static byte[] animatedWebp(int flags, int frames) {
    byte[][] chunks = new byte[frames + 2][];
    chunks[0] = vp8x(flags, WIDTH, HEIGHT);
    chunks[1] = riffChunk("ANIM", new byte[6]);
    byte[] position = new byte[16];
    position[6] = WIDTH - 1;
    position[9] = HEIGHT - 1;
    for (int i = 0; i < frames; i++) {
      chunks[2 + i] = riffChunk("ANMF", concat(position, webpChunk("lossy.webp", "VP8 ")));
    }
    return webp(chunks);
  }

  private static byte[] shortBitstream(String type) {
    String name = type.equals("VP8L") ? "lossless-alpha.webp" : "lossy.webp";
    byte[] chunk = webpChunk(name, type);
    return webp(riffChunk(type, Arrays.copyOfRange(chunk, 8, chunk.length / 2)));
  }

  /** A lossless picture of one colour: five codes of one symbol, and no bit for any pixel. */
  private static byte[] constantBitstream(int width, int height) {
    Vp8lBits bits = new Vp8lBits().header(width, height).put(0, 3);
    for (int i = 0; i < 5; i++) {
      bits.constant(100);
    }
    return bits.chunk();
  }

  /** Its first block claims the highest table number, so that all below it must be there. */
  private static byte[] webpWithManyTables() {
    Vp8lBits bits = new Vp8lBits().header(1024, 1024).put(0, 2).put(1, 1).put(0, 3).put(0, 1);
    bits.constant(255).constant(255).constant(0).constant(0).constant(0);
    for (int i = 0; i < 65_536 * 5; i++) {
      bits.put(1, 4);
    }
    return webp(bits.chunk());
  }

  private static byte[] webpWithManyPasses() {
    Vp8lBits bits = new Vp8lBits().header(4000, 4000);
    for (int i = 0; i < 200_000; i++) {
      bits.put(1, 1).put(2, 2);
    }
    bits.put(0, 3);
    for (int i = 0; i < 5; i++) {
      bits.constant(100);
    }
    return webp(bits.chunk());
  }
}
