package broken.util;

class Things {}
