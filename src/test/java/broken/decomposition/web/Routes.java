package broken.decomposition.web;

public class Routes {}
