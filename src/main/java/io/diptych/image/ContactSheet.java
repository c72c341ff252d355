package io.diptych.image;

import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;

/**
 * Several pictures on one sheet, in rows with titles, each picture with its caption below: for
 * examples and documentation.
 *
 * <p>Text needs a font on the machine; minimal containers come without one. It is looked for before
 * anything is drawn.
 */
public final class ContactSheet {

  /** One picture and what is said of it. */
  public record Picture(BufferedImage image, String caption) {}

  /**
   * Pictures that belong together.
   *
   * @param title above the row; none when empty
   */
  public record Row(String title, List<Picture> pictures) {

    public Row {
      pictures = List.copyOf(pictures);
    }
  }

  private static final int MARGIN = 16;
  private static final int CAPTION_LINES = 2;
  private static final Color PAPER = Color.WHITE;
  private static final Color INK = new Color(0x202124);

  private final int cellSide;
  private final Font titleFont;
  private final Font captionFont;

  /**
   * @param cellSide longer side of every picture on the sheet, in pixels
   * @throws FontMissingException when the machine has no font
   */
  public ContactSheet(int cellSide) {
    if (cellSide < 32) {
      throw new IllegalArgumentException("A cell needs at least 32 pixels, not " + cellSide);
    }
    this.cellSide = cellSide;
    this.titleFont = new Font(Font.SANS_SERIF, Font.BOLD, Math.max(12, cellSide / 14));
    this.captionFont = new Font(Font.SANS_SERIF, Font.PLAIN, Math.max(11, cellSide / 18));
    requireFont(titleFont);
  }

  /** What Java throws without fonts depends on its release and on which library is missing. */
  private static void requireFont(Font font) {
    try {
      font.canDisplay('a');
    } catch (RuntimeException | InternalError | LinkageError e) {
      throw new FontMissingException(e);
    }
  }

  /** A picture no larger than this sheet shows it, so that many large ones need little memory. */
  public Picture picture(BufferedImage image, String caption) {
    return new Picture(AreaScaler.scale(image, cellSide), caption);
  }

  /** Lays the rows out, left-aligned, on white. */
  public BufferedImage draw(List<Row> rows) {
    if (rows.isEmpty() || rows.stream().allMatch(row -> row.pictures().isEmpty())) {
      throw new IllegalArgumentException("A contact sheet needs at least one picture");
    }
    int columns = rows.stream().mapToInt(row -> row.pictures().size()).max().orElse(1);
    int height = MARGIN;
    for (Row row : rows) {
      height += titleHeight(row) + cellSide + captionHeight() + MARGIN;
    }
    BufferedImage sheet =
        new BufferedImage(
            MARGIN + columns * (cellSide + MARGIN), height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = sheet.createGraphics();
    try {
      graphics.setRenderingHint(
          RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
      graphics.setRenderingHint(
          RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
      graphics.setColor(PAPER);
      graphics.fillRect(0, 0, sheet.getWidth(), sheet.getHeight());
      int top = MARGIN;
      for (Row row : rows) {
        drawRow(graphics, row, top);
        top += titleHeight(row) + cellSide + captionHeight() + MARGIN;
      }
    } finally {
      graphics.dispose();
    }
    return sheet;
  }

  private void drawRow(Graphics2D graphics, Row row, int top) {
    int pictureTop = top + titleHeight(row);
    graphics.setColor(INK);
    if (!row.title().isEmpty()) {
      graphics.setFont(titleFont);
      graphics.drawString(row.title(), MARGIN, top + titleFont.getSize());
    }
    graphics.setFont(captionFont);
    int left = MARGIN;
    for (Picture picture : row.pictures()) {
      BufferedImage image = AreaScaler.scale(picture.image(), cellSide);
      double scale = (double) cellSide / Math.max(image.getWidth(), image.getHeight());
      int width = (int) Math.round(image.getWidth() * scale);
      int height = (int) Math.round(image.getHeight() * scale);
      graphics.drawImage(
          image,
          left + (cellSide - width) / 2,
          pictureTop + (cellSide - height) / 2,
          width,
          height,
          null);
      int baseline = pictureTop + cellSide + captionFont.getSize() + 4;
      for (String line : wrap(picture.caption(), graphics.getFontMetrics())) {
        graphics.drawString(line, left, baseline);
        baseline += lineHeight();
      }
      left += cellSide + MARGIN;
    }
  }

  /** Breaks at spaces; what does not fit into two lines ends in an ellipsis. */
  private List<String> wrap(String caption, FontMetrics metrics) {
    List<String> lines = new ArrayList<>();
    String rest = caption.strip();
    while (!rest.isEmpty() && lines.size() < CAPTION_LINES) {
      int end = rest.length();
      while (end > 1 && metrics.stringWidth(rest.substring(0, end)) > cellSide) {
        int space = rest.lastIndexOf(' ', end - 1);
        end = space > 0 ? space : end - 1;
      }
      String line = rest.substring(0, end);
      rest = rest.substring(end).strip();
      if (!rest.isEmpty() && lines.size() == CAPTION_LINES - 1) {
        while (line.length() > 1 && metrics.stringWidth(line + "…") > cellSide) {
          line = line.substring(0, line.length() - 1);
        }
        line += "…";
      }
      lines.add(line);
    }
    return lines;
  }

  private int titleHeight(Row row) {
    return row.title().isEmpty() ? 0 : titleFont.getSize() + MARGIN / 2;
  }

  private int captionHeight() {
    return CAPTION_LINES * lineHeight() + 4;
  }

  private int lineHeight() {
    return captionFont.getSize() * 5 / 4;
  }
}
