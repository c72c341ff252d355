package broken.worker;

import ai.djl.ndarray.types.Shape;

class TensorsInTheWorker {
  Shape shape;
}
