"""Makes the WebP samples beside this file, and what libwebp decodes them to.

Java writes no WebP, so that these are the only pictures of the tests that are not made in code.
Needs Pillow (13.0.0 with libwebp 1.6.0 made the files here).
"""

from PIL import Image

WIDTH, HEIGHT = 96, 64


def picture():
    image = Image.new("RGBA", (WIDTH, HEIGHT))
    for y in range(HEIGHT):
        for x in range(WIDTH):
            disc = (x - 48) ** 2 + (y - 32) ** 2 < 24**2
            color = (210, 60, 40) if disc else (40 + x, 120, 60 + y * 2)
            image.putpixel((x, y), color + (255 if disc else 2 * x,))
    return image


image = picture()
image.convert("RGB").save("lossy.webp", quality=90)
image.save("lossy-alpha.webp", quality=90)
image.save("lossless-alpha.webp", lossless=True)

for name in ("lossy", "lossy-alpha", "lossless-alpha"):
    Image.open(name + ".webp").save(name + ".libwebp.png")
