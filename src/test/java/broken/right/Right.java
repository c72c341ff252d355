package broken.right;

import broken.left.Left;

public class Right {
  Left left;
}
