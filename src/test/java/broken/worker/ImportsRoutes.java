package broken.worker;

import broken.decomposition.web.Routes;

class ImportsRoutes {
  Routes routes;
}
