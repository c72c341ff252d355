package broken.left;

import broken.right.Right;

public class Left {
  Right right;
}
