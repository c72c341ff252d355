package broken.generation;

import org.springframework.web.bind.annotation.RestController;

@RestController
class RoutesOutsideWeb {}
