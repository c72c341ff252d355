package broken.engine;

import org.springframework.util.unit.DataSize;

class SpringInTheEngine {
  DataSize size = DataSize.ofBytes(1);
}
