package broken.generation;

import org.springframework.stereotype.Repository;

@Repository
public class EverybodysTable {}
