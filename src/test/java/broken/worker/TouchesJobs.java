package broken.worker;

class TouchesJobs {
  String statement(String id) {
    return """
        update job set state = 'SUCCEEDED'
        where id = \
        """
        + id;
  }
}
